import type { CryptoBackend, RunningCipher, RunningDigest } from '../backend.js';
import { CryptoError } from '../errors.js';
import type { V1Keys } from './handshake.js';
import { ivLength, v1PayloadLength } from './payload.js';

/** What a payload is made with. */
export interface V1PayloadSealerOptions {
  /** The primitives to use. */
  readonly backend: CryptoBackend;
  /** The connection's keys; they may be wiped once the sealer is made. */
  readonly keys: V1Keys;
  /** Bytes of the file. */
  readonly plaintextLength: number;
  /** 16 bytes; by default unpredictable ones, as CBC needs. Only test vectors give others. */
  readonly iv?: Uint8Array;
}

/**
 * Makes a v1 payload piece by piece: AES-256-CBC with PKCS#7 padding, then HMAC-SHA-256 over the
 * IV and the ciphertext. It holds no more than a block.
 */
export class V1PayloadSealer {
  /** Bytes of the whole payload, known from the beginning. */
  readonly payloadLength: number;
  readonly #cipher: RunningCipher;
  readonly #digest: RunningDigest;
  /** What was not given out yet: the IV, before the first piece. */
  #head: Uint8Array[];
  #missing: number;

  /** @param options - keys, and how much will come */
  constructor({ backend, keys, plaintextLength, iv }: V1PayloadSealerOptions) {
    const head = iv ?? backend.randomBytes(ivLength);
    this.payloadLength = v1PayloadLength(plaintextLength);
    this.#missing = plaintextLength;
    this.#cipher = backend.aes256Cbc.encrypt(keys.encryption, head);
    this.#digest = backend.createHmacSha256(keys.authentication);
    this.#digest.update(head);
    this.#head = [head];
  }

  /**
   * @param plaintext - the file's next bytes; not kept
   * @returns what can be sent so far
   * @throws CryptoError `misuse` for more bytes than were announced: the peer would take the rest
   *   for something else
   */
  update(plaintext: Uint8Array): Uint8Array[] {
    if (plaintext.length > this.#missing) {
      throw new CryptoError('misuse', 'There is more than was announced');
    }
    this.#missing -= plaintext.length;
    return this.#give(this.#cipher.update(plaintext));
  }

  /**
   * Ends the payload.
   *
   * @returns the rest, with the tag
   * @throws CryptoError `misuse` for fewer bytes than were announced: sixteen lengths of files share one
   *   length of payloads, so the peer would take the shorter file for whole
   */
  final(): Uint8Array[] {
    if (this.#missing !== 0) throw new CryptoError('misuse', 'There is less than was announced');
    return [...this.#give(this.#cipher.final()), this.#digest.digest()];
  }

  #give(ciphertext: Uint8Array): Uint8Array[] {
    const parts = this.#head;
    this.#head = [];
    if (ciphertext.length > 0) {
      this.#digest.update(ciphertext);
      parts.push(ciphertext);
    }
    return parts;
  }
}
