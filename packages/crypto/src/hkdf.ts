import type { CryptoBackend } from './backend.js';
import { concatBytes, wipe } from './bytes.js';
import { CryptoError } from './errors.js';

const hashLength = 32;

/**
 * HKDF-Extract with SHA-256 (RFC 5869, section 2.2): concentrates the entropy of a secret.
 *
 * @param backend - the primitives to use
 * @param salt - not secret, of any length; empty stands for "none"
 * @param ikm - the input keying material
 * @returns the pseudorandom key, 32 bytes
 */
export function hkdfExtract(backend: CryptoBackend, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return backend.hmacSha256(salt.length === 0 ? new Uint8Array(hashLength) : salt, ikm);
}

/**
 * HKDF-Expand with SHA-256 (RFC 5869, section 2.3): derives independent keys from one.
 *
 * @param backend - the primitives to use
 * @param prk - a pseudorandom key of at least 32 bytes
 * @param info - the label that keeps this use apart
 * @param length - bytes wanted, at most 8,160
 * @returns the derived bytes
 * @throws CryptoError `misuse` when more is asked for than the construction allows
 */
export function hkdfExpand(
  backend: CryptoBackend,
  prk: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const blocks = Math.ceil(length / hashLength);
  if (blocks > 255) {
    throw new CryptoError('misuse', `HKDF-SHA-256 gives at most 8,160 bytes, not ${length}`);
  }
  const okm = new Uint8Array(length);
  let previous: Uint8Array = new Uint8Array(0);
  for (let block = 1; block <= blocks; block++) {
    const next = backend.hmacSha256(prk, previous, info, Uint8Array.of(block));
    const start = (block - 1) * hashLength;
    okm.set(next.subarray(0, length - start), start);
    wipe(previous);
    previous = next;
  }
  wipe(previous);
  return okm;
}

/**
 * HKDF with SHA-256, both steps (RFC 5869).
 *
 * @param backend - the primitives to use
 * @param ikm - the input keying material
 * @param salt - not secret; empty stands for "none"
 * @param info - the label, in one or more parts
 * @param length - bytes wanted, at most 8,160
 * @returns the derived bytes
 * @throws CryptoError `misuse` when more is asked for than the construction allows
 */
export function hkdf(
  backend: CryptoBackend,
  ikm: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array | readonly Uint8Array[],
  length: number,
): Uint8Array {
  const prk = hkdfExtract(backend, salt, ikm);
  // Not `instanceof`: bytes of another realm (a frame, a test runner) would count as a list of parts.
  const label = ArrayBuffer.isView(info) ? info : concatBytes(...info);
  const okm = hkdfExpand(backend, prk, label, length);
  wipe(prk);
  return okm;
}
