import type { Identity } from '@e2eeftp/crypto';
import type { Transport } from '@e2eeftp/transport';

import type { Retry } from './connection/retry.js';
import type { TransferJournal } from './transfer/journal.js';
import type { LocalOverwrite } from './transfer/local-file.js';

/** What every operation takes. */
export interface OperationOptions {
  /**
   * Ends the operation early: its promise is rejected at once, with the code `aborted`, or `timed-out`
   * when it is an `AbortSignal.timeout`. Any number of operations may share one.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds for all of it, further attempts included; then it fails with `timed-out`. By default
   * it may take as long as something moves.
   */
  readonly timeout?: number | undefined;
}

/** How far a transfer is. */
export interface Progress {
  /** Bytes that were sent, or received and verified. */
  readonly transferred: number;
  /** Bytes that there are in all, when known. */
  readonly total: number | undefined;
}

/** What every transfer takes. */
export interface TransferOptions extends OperationOptions {
  /** Hears how far the transfer is, about once for every 256 KiB. It must not throw. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What changes in a vault take, besides. */
export interface KeyringOptions {
  /**
   * For paths in a vault, of who puts ciphertext there: the number of the keyring that is taken for the
   * one in force. When there is a newer one, nothing is changed, and it fails with `conflict`. Outside
   * of vaults it means nothing.
   */
  readonly keyring?: number | undefined;
}

/** What changes take that may make folders, besides. */
export interface FolderOptions {
  /**
   * When the operation began that this call is a part of (`performance.now()`); by default, with the
   * call. In a vault, only who has looked at a folder since then knows that nobody else has made
   * something in it, so that thousands of calls that begin anew would look as often.
   */
  readonly since?: number | undefined;
}

/** How something is sent. */
export interface SendOptions extends TransferOptions, KeyringOptions, FolderOptions {
  /** Bytes that the source has; known by itself for files and buffers. */
  readonly size?: number | undefined;
  /** Milliseconds since 1970; by default a file's own time, else the time of arrival. */
  readonly mtime?: number | undefined;
  /**
   * Permission bits, up to 0o777; by default the server chooses, and lets nobody else read it. Refused
   * with `bad-request` for a server that does not keep them.
   */
  readonly mode?: number | undefined;
  /**
   * Whether a file's own permission bits are sent, where `mode` does not say otherwise and the server
   * keeps them; the result says which the file has there.
   */
  readonly preserveMode?: boolean | undefined;
  /**
   * What to do about a file that is there already: replace it (the default), refuse with
   * `conflict`, or replace it only while it has the given etag.
   */
  readonly overwrite?: 'always' | 'never' | { readonly etag: string } | undefined;
  /**
   * Whether the server is to read back what it stored and compare its SHA-256 with that of what
   * was sent. What is on the wire is authenticated anyway; this finds a failing disk.
   */
  readonly checksum?: boolean | undefined;
}

/** Which part of a file is wanted. */
export interface RangeOptions extends TransferOptions {
  /** The first byte; by default 0. */
  readonly offset?: number | undefined;
  /** How many bytes; by default all that follow. */
  readonly length?: number | undefined;
  /** Fails with `conflict` unless the file has this etag. */
  readonly etag?: string | undefined;
}

/** What is received into memory. */
export interface GetBytesOptions extends RangeOptions {
  /** How many bytes there may be at most; by default 64 MiB. */
  readonly maxSize?: number | undefined;
}

/** How a file is received. */
export interface GetOptions extends RangeOptions {
  /** What to do about a local file of that name; by default it is replaced whole. */
  readonly overwrite?: LocalOverwrite | undefined;
  /** Whether a local file gets the time of the one on the server. */
  readonly preserveTime?: boolean | undefined;
  /** Whether a local file gets the permission bits of the one on the server, where that says them. */
  readonly preserveMode?: boolean | undefined;
}

/** How files are sent together. */
export interface SendTogetherOptions
  extends OperationOptions, KeyringOptions, FolderOptions, Pick<SendOptions, 'preserveMode'> {}

/** How files are received together. */
export interface GetTogetherOptions
  extends OperationOptions, Pick<GetOptions, 'overwrite' | 'preserveTime' | 'preserveMode'> {}

/** What to list. */
export interface ListOptions extends OperationOptions {
  /** Whether to list what is below the folder's folders too. */
  readonly recursive?: boolean | undefined;
}

/** What to remove. */
export interface RemoveOptions extends OperationOptions, KeyringOptions {
  /** Whether a folder may go with all that is in it; by default only an empty one may. */
  readonly recursive?: boolean | undefined;
  /**
   * Removes it only while it has this etag, else fails with `conflict`. The etag of a folder says
   * nothing of what is deeper in it than its children. Without one, a look at what is there comes
   * before the removal, which takes a moment longer.
   */
  readonly etag?: string | undefined;
}

/** How something is renamed. */
export interface RenameOptions
  extends OperationOptions, KeyringOptions, Pick<SendOptions, 'overwrite'> {}

/** How a folder is made. */
export interface MkdirOptions extends OperationOptions, KeyringOptions, FolderOptions {}

/** How a client is closed. */
export interface CloseOptions {
  /**
   * Milliseconds for what is under way, which fails with `closed` then. Within one second more, the
   * connections have ended. 0 ends everything at once.
   */
  readonly timeout?: number | undefined;
}

/** How long to wait, in milliseconds. */
export interface Timeouts {
  /** For the connection to come about. */
  readonly connect: number;
  /** For the handshake. */
  readonly handshake: number;
  /** For something to move while an answer is awaited. A transfer that moves never times out. */
  readonly progress: number;
}

/** How to wait when nobody says otherwise. */
export const defaultTimeouts: Timeouts = { connect: 10_000, handshake: 15_000, progress: 60_000 };

/** How many connections there are at once when nobody says otherwise. */
export const defaultConnections = 4;

/** How often something is tried again when nobody says otherwise. */
export const defaultRetries = 5;

/** How to reach a server, and as whom. */
export interface ConnectOptions extends Pick<OperationOptions, 'signal'> {
  /** A name or an address; by default 127.0.0.1. */
  readonly host?: string | undefined;
  /** A TCP port; by default 5001. */
  readonly port?: number | undefined;
  /** Who the client is. */
  readonly identity: Identity;
  /**
   * Which server to trust: its public key (32 bytes), or a function that gets the key that the
   * server proved and throws to refuse it. The server learns nothing of the client before.
   */
  readonly server: Uint8Array | ((serverIdentity: Uint8Array) => void);
  /** Connections at once, at most; by default 4. Small requests share one. */
  readonly connections?: number | undefined;
  /**
   * Further attempts at an operation whose connection fails, while nothing moves; by default 5. The
   * first connection is tried once only.
   */
  readonly retries?: number | undefined;
  /** Hears of each attempt that failed and will be made again. It must not throw. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** Bytes a second that all transfers together may move, up and down; by default any. */
  readonly rateLimit?: number | undefined;
  /** Remembers transfers that were broken off, for a later run; by default nothing does. */
  readonly journal?: TransferJournal | undefined;
  /** How long to wait, where it differs from the default. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Opens the way to the server; by default TCP to `host` and `port`. */
  readonly openTransport?: ((signal: AbortSignal | undefined) => Promise<Transport>) | undefined;
}
