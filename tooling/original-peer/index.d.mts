import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';

/** A failure of this peer, or what it has against the other one. */
export class OriginalPeerError extends Error {
  readonly code:
    | 'timeout'
    /** The peer closed before all that was waited for had come. */
    | 'closed'
    | 'bad-hello'
    | 'bad-signature'
    /** The server is another one than the client knows. */
    | 'untrusted'
    /** The server does not know the client. */
    | 'unauthorized'
    /** A payload that does not verify or does not decrypt. */
    | 'bad-payload'
    /** An answer with too many or too few bytes, or without a line. */
    | 'bad-answer'
    | 'malformed';
}

/** An identity, in every form in which the files of the original hold one. */
export interface NewIdentity {
  /** PKCS#8 PEM: `client_id.key`, `server_id.key`. */
  readonly privatePem: string;
  /** SPKI PEM: `known_server.pub`. */
  readonly publicPem: string;
  /** 32 bytes. */
  readonly publicKey: Buffer;
  /** A line of `authorized_clients.pub`, without its end. */
  readonly publicBase64: string;
}

/** Makes an identity. */
export function newIdentity(): NewIdentity;

/** The keys that both directions of a connection share, 32 bytes each. */
export interface Keys {
  readonly encryption: Buffer;
  readonly authentication: Buffer;
}

/** A hello that was made here. */
export interface Hello {
  /** All its bytes, the length included: 132. */
  readonly bytes: Buffer;
  /** The X25519 private key that belongs to it. */
  readonly ephemeral: KeyObject;
}

/**
 * Makes a hello.
 *
 * @param privateKeyPem - whose hello it is
 * @param ephemeral - its X25519 private key; by default a new one
 */
export function handshakeHello(privateKeyPem: string, ephemeral?: KeyObject): Hello;

/** The parts of a hello. */
export interface HelloParts {
  readonly ephemeral: Buffer;
  readonly identity: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a hello apart, and checks its length alone.
 *
 * @throws OriginalPeerError `bad-hello`
 */
export function parseHello(bytes: Buffer): HelloParts;

/**
 * Derives the keys of a connection.
 *
 * @param ephemeral - one's own X25519 private key
 * @param peerEphemeral - the peer's public key, 32 bytes
 * @throws OriginalPeerError `bad-hello` when they lead to no secret
 */
export function derive(ephemeral: KeyObject, peerEphemeral: Uint8Array): Keys;

/** The length of a file's payload, in bytes. */
export function payloadLength(fileLength: number): number;

/**
 * Encrypts a file.
 *
 * @param iv - 16 bytes; by default random
 */
export function sealPayload(keys: Keys, file: Uint8Array, iv?: Uint8Array): Buffer;

/**
 * Verifies and decrypts a payload.
 *
 * @throws OriginalPeerError `bad-payload`
 */
export function openPayload(keys: Keys, payload: Buffer): Buffer;

/** One connection, on which nothing is sent but what the caller writes. */
export interface OriginalConnection {
  /** The hello that belongs to this connection; `connect()` has not sent it. */
  readonly hello: Buffer;
  /** Its bytes arrive here, not at listeners of one's own. */
  readonly socket: Socket;
  /** There once `readHello()` is through. */
  readonly keys: Keys | undefined;
  /** Writes bytes as they are. Rejects with the socket's error once the peer has gone. */
  writeRaw(bytes: Uint8Array): Promise<void>;
  /**
   * Reads and checks the server's hello.
   *
   * @throws OriginalPeerError `closed`, `timeout`, `bad-hello`, `untrusted` or `bad-signature`
   */
  readHello(): Promise<HelloParts & { readonly bytes: Buffer }>;
  /**
   * Reads everything that is not read yet, until the server closes or resets the connection.
   *
   * @throws OriginalPeerError `timeout` when it does neither
   */
  readAll(): Promise<Buffer>;
  /** Ends the connection. */
  close(): void;
}

/** Whom a client reaches, and who is who. */
export interface OriginalClientOptions {
  /** By default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** `client_id.key`. */
  readonly clientKeyPem: string;
  /** `known_server.pub`. */
  readonly serverPublicPem: string;
  /** Milliseconds for each wait; by default a minute. */
  readonly timeout?: number;
}

/** An original client: one connection, one handshake and one command at a time. */
export class OriginalClient {
  constructor(options: OriginalClientOptions);
  /** Connects and sends nothing; the caller closes the connection. */
  connect(): Promise<OriginalConnection>;
  /**
   * Shakes hands, sends a line and a payload as they are, and reads until the server closes.
   *
   * @param line - a string gets a line's end if it has none; bytes go as they are
   * @param payload - bytes, or a function that makes them with the connection's keys
   * @returns every byte behind the server's hello
   */
  exchange(
    line: string | Uint8Array,
    payload?: Uint8Array | ((keys: Keys) => Uint8Array),
  ): Promise<{ readonly answer: Buffer; readonly keys: Keys }>;
  /** Gives the answer's line, without its end, as do all that follow. */
  send(name: string, bytes: Uint8Array): Promise<string>;
  /** `content` is there when the answer is 200. */
  get(name: string): Promise<{ readonly line: string; readonly content: Buffer | undefined }>;
  /** `body` is there when the answer is 200. */
  list(): Promise<{ readonly line: string; readonly body: string | undefined }>;
  /** `body` is there when the answer is 200. */
  hlist(): Promise<{ readonly line: string; readonly body: string | undefined }>;
  delete(name: string): Promise<string>;
}

/** What a command of a server's owner is given. */
export interface OriginalRequest {
  /** What stands behind the command's word. */
  readonly fields: readonly string[];
  /** The folder of the stored files. */
  readonly received: string;
  readonly keys: Keys;
}

/** The line of an answer, without its end, and the bytes behind it. */
export interface OriginalAnswer {
  readonly line: string;
  readonly body?: Uint8Array;
}

/** Answers a request; without an answer the server closes. */
export type OriginalCommand = (
  request: OriginalRequest,
) => OriginalAnswer | undefined | Promise<OriginalAnswer | undefined>;

/** The original's example of an owner's command: `RENAME|old|new`. */
export const renameCommand: OriginalCommand;

/** The original's example of an owner's command: `STAT|name`. */
export const statCommand: OriginalCommand;

/** How a server is started; all that the hooks change is what it sends. */
export interface OriginalServerOptions {
  /** Where its key files and `received/` are; what is missing is made. */
  readonly directory: string;
  /** What its owner adds, by word in capitals; whatever is no function is misconfigured. */
  readonly commands?: Readonly<Record<string, unknown>>;
  /** By default 127.0.0.1. */
  readonly host?: string;
  /** Milliseconds for each wait; by default a minute. */
  readonly timeout?: number;
  /** Sends other bytes than the hello that it is given. */
  readonly helloReply?: (hello: Buffer) => Uint8Array;
  /** Sends another line than the one that it is given; both end with `\n`. */
  readonly answerLine?: (line: string) => string | Uint8Array;
  /** Sends other bytes behind the line. */
  readonly tamper?: (payload: Buffer) => Uint8Array;
  /** Sends only so many bytes of an answer, its line included. */
  readonly stopAfter?: number;
  /** Keeps the connection open after the answer, until the client closes. */
  readonly hang?: boolean;
}

/** What came in on one connection, as far as it got. */
export interface OriginalConnectionRecord {
  readonly hello?: Buffer;
  /** The client's, as base64. */
  readonly identity?: string;
  /** Without its end. */
  readonly line?: string;
  /** A payload that came whole. */
  readonly payload?: Buffer;
  /** Why the connection ended early. */
  readonly error?: Error;
}

/** A server that runs. */
export interface OriginalServer {
  readonly port: number;
  /** `known_server.pub`. */
  readonly publicPem: string;
  /** In the order in which they came. */
  readonly connections: readonly OriginalConnectionRecord[];
  /** What it found odd about `authorized_clients.pub`. */
  readonly warnings: readonly string[];
  /** Ends every connection and stops. */
  close(): Promise<void>;
}

/** Starts an original server on a port that the system chooses. */
export function startOriginalServer(options: OriginalServerOptions): Promise<OriginalServer>;
