import type { CryptoBackend } from '../backend.js';
import { concatBytes } from '../bytes.js';
import { CryptoError } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { sizes } from '../labels.js';

const bodyLength = sizes.x25519PublicKey + sizes.ed25519PublicKey + sizes.ed25519Signature;

/**
 * The first four bytes of every v1 hello: its length, which is always the same. By them a server
 * tells the generations of the protocol apart.
 */
export const v1HelloPrefix: readonly number[] = [0, 0, 0, bodyLength];

/** Bytes of a v1 hello, its length field included. */
export const v1HelloLength = v1HelloPrefix.length + bodyLength;

/** What a v1 hello says, once its signature was verified. */
export interface V1Hello {
  /** The sender's ephemeral X25519 public key, 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** The sender's identity, an Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
}

/**
 * Makes a v1 hello (SPEC.md, first generation). Its signature covers the sender's own ephemeral
 * key and nothing else, so whoever records the message can send it again: a server must refuse an
 * ephemeral key that it has seen before.
 *
 * @param identity - who says it
 * @param ephemeral - an X25519 public key made for this one connection, 32 bytes
 * @returns the message, 132 bytes
 */
export function encodeV1Hello(identity: Identity, ephemeral: Uint8Array): Uint8Array {
  return concatBytes(
    Uint8Array.from(v1HelloPrefix),
    ephemeral,
    identity.publicKey,
    identity.sign(ephemeral),
  );
}

/**
 * Reads a v1 hello and verifies that who it names has signed it.
 *
 * That proves neither that the sender is there now nor that the message was meant for the reader.
 *
 * @param backend - the primitives to use
 * @param message - all of the message, 132 bytes
 * @returns its fields, in memory of their own
 * @throws CryptoError `bad-message` for another length, `authentication-failed` for a wrong
 *   signature
 */
export function openV1Hello(backend: CryptoBackend, message: Uint8Array): V1Hello {
  const isFramed = v1HelloPrefix.every((byte, index) => message[index] === byte);
  if (!isFramed || message.length !== v1HelloLength) {
    throw new CryptoError('bad-message', 'The peer does not speak the first generation');
  }
  const identityStart = v1HelloPrefix.length + sizes.x25519PublicKey;
  const signatureStart = identityStart + sizes.ed25519PublicKey;
  // Not `slice`: of a Buffer it gives a view, and transports read into one buffer again and again.
  const ephemeral = Uint8Array.from(message.subarray(v1HelloPrefix.length, identityStart));
  const identity = Uint8Array.from(message.subarray(identityStart, signatureStart));
  if (!backend.ed25519.verify(identity, ephemeral, message.subarray(signatureStart))) {
    throw new CryptoError('authentication-failed', 'The signature of the hello is wrong');
  }
  return { ephemeral, identity };
}
