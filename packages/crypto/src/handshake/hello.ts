import { concatBytes } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { labels, sizes } from '../labels.js';
import type { Suite } from '../suites.js';

/** The generation of the protocol that these messages begin. */
const protocolVersion = 2;

const sharesLength = sizes.x25519PublicKey + sizes.mlKem768EncapsulationKey;
const lengthField = 2;

/** Bytes in front of a ClientHello's body: the magic and the length. */
export const clientHelloPrefixLength = labels.magic.length + lengthField;
/** Bytes in front of a ServerHello's body: the length. */
export const serverHelloPrefixLength = lengthField;
const serverHelloLength = 2 + sizes.x25519PublicKey + sizes.mlKem768Ciphertext;

/** What a client offers. */
export interface ClientHello {
  /** Suite numbers in the client's order of preference, known or not. */
  readonly suites: readonly number[];
  /** Its ephemeral X25519 public key, 32 bytes. */
  readonly x25519: Uint8Array;
  /** Its ephemeral ML-KEM-768 encapsulation key, 1,184 bytes. */
  readonly encapsulationKey: Uint8Array;
}

/** What a server answers. */
export interface ServerHello {
  /** The suite that it chose from the client's. */
  readonly suite: number;
  /** Its ephemeral X25519 public key, 32 bytes. */
  readonly x25519: Uint8Array;
  /** What it encapsulated to the client's key, 1,088 bytes. */
  readonly ciphertext: Uint8Array;
}

/**
 * @param hello - what to offer
 * @returns the message, magic and length included
 */
export function encodeClientHello(hello: ClientHello): Uint8Array {
  const body = concatBytes(
    Uint8Array.of(protocolVersion, hello.suites.length, ...hello.suites),
    hello.x25519,
    hello.encapsulationKey,
  );
  return concatBytes(labels.magic, u16(body.length), body);
}

/**
 * Reads the length of a ClientHello's body, and refuses one that no ClientHello can have
 * before a byte of it is awaited: what a stranger makes us hold stays below 1.5 KiB.
 *
 * @param prefix - the magic and the length, 6 bytes
 * @returns bytes of body to come
 * @throws CryptoError `bad-message`
 */
export function clientHelloBodyLength(prefix: Uint8Array): number {
  const isOurs = labels.magic.every((byte, index) => prefix[index] === byte);
  const length = readU16(prefix, labels.magic.length);
  const suites = length - 2 - sharesLength;
  if (!isOurs || suites < 1 || suites > 255) {
    throw new CryptoError('bad-message', 'The peer does not speak this protocol');
  }
  return length;
}

/**
 * @param body - the message behind its length
 * @returns its fields; the key shares are not yet checked
 * @throws CryptoError `bad-message` for another version or a length that does not fit
 */
export function decodeClientHello(body: Uint8Array): ClientHello {
  const suiteCount = body[1] ?? 0;
  if (
    body[0] !== protocolVersion ||
    suiteCount < 1 ||
    body.length !== 2 + suiteCount + sharesLength
  ) {
    throw new CryptoError('bad-message', 'The ClientHello is malformed or of another version');
  }
  const shares = body.subarray(2 + suiteCount);
  return {
    suites: [...body.subarray(2, 2 + suiteCount)],
    x25519: shares.slice(0, sizes.x25519PublicKey),
    encapsulationKey: shares.slice(sizes.x25519PublicKey),
  };
}

/**
 * @param hello - what to answer
 * @returns the message, length included
 */
export function encodeServerHello(hello: ServerHello): Uint8Array {
  return concatBytes(
    u16(serverHelloLength),
    Uint8Array.of(protocolVersion, hello.suite),
    hello.x25519,
    hello.ciphertext,
  );
}

/**
 * Reads the length of a ServerHello's body: whatever else listens at the server's port is told
 * apart by its first two bytes, and not waited for.
 *
 * @param prefix - the length, 2 bytes
 * @returns bytes of body to come
 * @throws CryptoError `bad-message`
 */
export function serverHelloBodyLength(prefix: Uint8Array): number {
  const length = readU16(prefix, 0);
  if (length !== serverHelloLength) {
    throw new CryptoError('bad-message', 'The server does not speak this protocol');
  }
  return length;
}

/**
 * @param body - the message behind its length
 * @param offered - what the ClientHello offered
 * @returns its fields; the key shares are not yet checked
 * @throws CryptoError `bad-message` for another version, or a suite that was not offered: the
 *   choice is the server's, the menu is not
 */
export function decodeServerHello(
  body: Uint8Array,
  offered: readonly Suite[],
): ServerHello & { readonly suite: Suite } {
  const suite = offered.find((candidate) => candidate === body[1]);
  if (body[0] !== protocolVersion || suite === undefined) {
    throw new CryptoError(
      'bad-message',
      'The server answers in another protocol version or with a cipher suite that was not offered',
    );
  }
  const shares = body.subarray(2);
  return {
    suite,
    x25519: shares.slice(0, sizes.x25519PublicKey),
    ciphertext: shares.slice(sizes.x25519PublicKey),
  };
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}

function readU16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}
