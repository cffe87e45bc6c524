import type { CryptoBackend, RunningCipher, RunningDigest } from '../backend.js';
import { equalBytes, wipe } from '../bytes.js';
import { CryptoError } from '../errors.js';
import type { V1Keys } from './handshake.js';
import { isV1PayloadLength, ivLength, tagLength } from './payload.js';

/** What a payload is opened with. */
export interface V1PayloadOpenerOptions {
  /** The primitives to use. */
  readonly backend: CryptoBackend;
  /** The connection's keys; they may be wiped once the opener is made. */
  readonly keys: V1Keys;
  /** Bytes of the payload, as the peer announced them. */
  readonly payloadLength: number;
}

/**
 * Opens a v1 payload piece by piece, in constant memory.
 *
 * What {@link V1PayloadOpener.update} gives is **not authenticated yet**: put it where nobody sees
 * it, and throw it away unless {@link V1PayloadOpener.final} returns. A payload whose length no
 * file can have is consumed all the same and fails at its end like a forged one, so that a peer
 * learns only one thing from a refusal.
 */
export class V1PayloadOpener {
  readonly #backend: CryptoBackend;
  /** A copy, needed until the IV has come. */
  readonly #encryptionKey: Uint8Array;
  readonly #digest: RunningDigest;
  readonly #isPossible: boolean;
  readonly #tagStart: number;
  readonly #iv = new Uint8Array(ivLength);
  readonly #tag = new Uint8Array(tagLength);
  #cipher: RunningCipher | undefined;
  #received = 0;
  #missing: number;

  /** @param options - keys, and how much will come */
  constructor({ backend, keys, payloadLength }: V1PayloadOpenerOptions) {
    this.#backend = backend;
    this.#encryptionKey = Uint8Array.from(keys.encryption);
    this.#digest = backend.createHmacSha256(keys.authentication);
    this.#isPossible = isV1PayloadLength(payloadLength);
    this.#tagStart = payloadLength - tagLength;
    this.#missing = payloadLength;
  }

  /** Bytes of the payload that have not come yet. */
  get missing(): number {
    return this.#missing;
  }

  /**
   * @param bytes - the payload's next bytes, no more than are missing; not kept
   * @returns plaintext that is not authenticated yet, in memory of its own
   * @throws CryptoError `misuse` for bytes behind the payload's end
   */
  update(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#missing) {
      throw new CryptoError('misuse', 'These bytes are not part of the payload any more');
    }
    const start = this.#received;
    this.#received += bytes.length;
    this.#missing -= bytes.length;
    if (!this.#isPossible) return nothing;
    const cut = (from: number, to: number): Uint8Array =>
      bytes.subarray(clamp(from - start, bytes.length), clamp(to - start, bytes.length));
    this.#takeIv(cut(0, ivLength), start);
    const tag = cut(this.#tagStart, Infinity);
    if (tag.length > 0) this.#tag.set(tag, Math.max(0, start - this.#tagStart));
    const ciphertext = cut(ivLength, this.#tagStart);
    if (ciphertext.length === 0 || !this.#cipher) return nothing;
    this.#digest.update(ciphertext);
    return this.#cipher.update(ciphertext);
  }

  /**
   * Ends the payload. The tag is verified before the padding is looked at: an answer that told
   * them apart would let an attacker decrypt byte by byte (a padding oracle).
   *
   * @returns the last bytes; from now on all of them are authentic
   * @throws CryptoError `authentication-failed`, whatever is wrong with the payload
   */
  final(): Uint8Array {
    wipe(this.#encryptionKey);
    const expected = this.#digest.digest();
    const isAuthentic = equalBytes(expected, this.#tag) && this.#missing === 0;
    if (!this.#cipher || !isAuthentic) {
      throw new CryptoError(
        'authentication-failed',
        'The payload was altered or belongs elsewhere',
      );
    }
    return this.#cipher.final();
  }

  #takeIv(part: Uint8Array, offset: number): void {
    if (part.length === 0) return;
    this.#iv.set(part, offset);
    if (offset + part.length < ivLength) return;
    this.#digest.update(this.#iv);
    this.#cipher = this.#backend.aes256Cbc.decrypt(this.#encryptionKey, this.#iv);
    wipe(this.#encryptionKey);
  }
}

const nothing = new Uint8Array(0);

function clamp(value: number, maximum: number): number {
  return Math.min(Math.max(0, value), maximum);
}
