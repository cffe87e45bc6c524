import type { AeadKey, CryptoBackend } from '@e2eeftp/crypto';

import { VaultError } from '../../errors.js';

/** Sizes of an age payload, in bytes (age-encryption.org/v1, payload). */
export const streamSizes = {
  fileKey: 16,
  nonce: 16,
  key: 32,
  tag: 16,
  /** Plaintext of every chunk but the last, which may hold less. */
  chunk: 65_536,
  /** A full chunk with its tag. */
  sealedChunk: 65_552,
} as const;

/**
 * @param plainSize - bytes of the whole plaintext
 * @returns how many chunks hold them; an empty plaintext has one, empty as well
 */
export function chunkCount(plainSize: number): number {
  return Math.max(1, Math.ceil(plainSize / streamSizes.chunk));
}

/**
 * @param plainSize - bytes of the whole plaintext
 * @returns bytes of all sealed chunks
 */
export function streamSealedSize(plainSize: number): number {
  return plainSize + chunkCount(plainSize) * streamSizes.tag;
}

/**
 * @param sealedSize - bytes of all sealed chunks
 * @returns bytes of the plaintext
 * @throws VaultError `size-impossible` when no payload has this size: the last chunk would be
 *   shorter than a tag, or empty behind another one
 */
export function streamPlainSize(sealedSize: number): number {
  const chunks = Math.max(1, Math.ceil(sealedSize / streamSizes.sealedChunk));
  const plainSize = sealedSize - chunks * streamSizes.tag;
  if (plainSize < 0 || chunkCount(plainSize) !== chunks) {
    throw new VaultError(
      'size-impossible',
      'No vault file has this length: it was cut off or damaged where it is stored. Send the original again',
    );
  }
  return plainSize;
}

/**
 * The key of an age payload. Sealing and opening a chunk depend on nothing but the key, the chunk's
 * number, and whether it is the last, so chunks can be worked on in any order and on any thread.
 *
 * Nothing here counts: whoever seals must give each number to one plaintext only
 * (`FileSealer` does).
 */
export class StreamKey {
  readonly #bytes: Uint8Array;
  readonly #key: AeadKey;

  /**
   * @param backend - the primitives to use
   * @param key - the payload key, 32 bytes; copied
   */
  constructor(backend: CryptoBackend, key: Uint8Array) {
    this.#bytes = Uint8Array.from(key);
    this.#key = backend.aead('chacha20-poly1305', key);
  }

  /**
   * @param index - the chunk's number, from 0; never used before with this key for other bytes
   * @param isLast - whether the payload ends with it
   * @param plaintext - in pieces: 65,536 bytes together, or at most that many in the last chunk
   * @returns ciphertext in pieces, the tag (16 bytes) last
   */
  seal(index: number, isLast: boolean, plaintext: readonly Uint8Array[]): Uint8Array[] {
    return this.#key.seal(chunkNonce(index, isLast), nothing, plaintext);
  }

  /**
   * @param index - the chunk's number, from 0
   * @param isLast - whether the payload ends with it
   * @param sealed - ciphertext and tag; not kept
   * @returns the plaintext, in memory of its own
   * @throws CryptoError `authentication-failed`
   */
  open(index: number, isLast: boolean, sealed: Uint8Array): Uint8Array {
    return this.#key.open(chunkNonce(index, isLast), nothing, sealed);
  }

  /**
   * Gives the secret out, to hand it to another thread.
   *
   * @returns a copy of the payload key, 32 bytes; wipe it after use
   */
  exportKey(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

const nothing = new Uint8Array(0);

/** An 11-byte counter and a flag; of the counter, numbers fill the lower 7 bytes at most. */
function chunkNonce(index: number, isLast: boolean): Uint8Array {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new VaultError('misuse', 'A chunk is numbered by a whole number');
  }
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(3, Math.floor(index / 2 ** 32));
  view.setUint32(7, index % 2 ** 32);
  view.setUint8(11, isLast ? 1 : 0);
  return nonce;
}
