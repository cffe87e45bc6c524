import type { AeadKey, CryptoBackend } from '../backend.js';
import { wipe } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { hkdfExpand } from '../hkdf.js';
import { labels, recordLimits, sizes } from '../labels.js';
import { suiteCiphers, type Suite } from '../suites.js';

/**
 * One generation of one direction's traffic key, with its record counter (SPEC.md, records).
 *
 * Each record takes the next sequence number as its nonce, so that no nonce is used twice with
 * a key, and a record that is dropped, repeated or moved does not open.
 */
export class TrafficKey {
  readonly #backend: CryptoBackend;
  readonly #suite: Suite;
  readonly #secret: Uint8Array;
  readonly #aead: AeadKey;
  readonly #iv: Uint8Array;
  #records = 0;
  #bytes = 0;
  #disposed = false;

  /**
   * @param backend - the primitives to use
   * @param suite - the suite that the handshake chose
   * @param secret - the traffic secret, 32 bytes; the key takes it over and wipes it with {@link next}
   */
  constructor(backend: CryptoBackend, suite: Suite, secret: Uint8Array) {
    this.#backend = backend;
    this.#suite = suite;
    this.#secret = secret;
    const key = hkdfExpand(backend, secret, labels.trafficKey, sizes.aeadKey);
    this.#aead = backend.aead(suiteCiphers[suite], key);
    wipe(key);
    this.#iv = hkdfExpand(backend, secret, labels.trafficIv, sizes.aeadNonce);
  }

  /** Records that this generation has protected so far. */
  get records(): number {
    return this.#records;
  }

  /** Bytes of plaintext that this generation has protected so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param header - the record's header, its associated data
   * @param plaintext - the content in pieces
   * @param length - bytes of content
   * @returns ciphertext in pieces, the tag last
   * @throws CryptoError `key-exhausted` after 2^24 records and an update, `misuse` after {@link dispose}
   */
  seal(header: Uint8Array, plaintext: readonly Uint8Array[], length: number): Uint8Array[] {
    return this.#aead.seal(this.#nextNonce(length), header, plaintext);
  }

  /**
   * @param header - the record's header, its associated data
   * @param sealed - the record's ciphertext and tag, in one piece; not kept
   * @returns the content, in a buffer of its own
   * @throws CryptoError `authentication-failed`, `key-exhausted` after 2^24 records and an update,
   *   `misuse` after {@link dispose}
   */
  open(header: Uint8Array, sealed: Uint8Array): Uint8Array {
    const nonce = this.#nextNonce(Math.max(0, sealed.length - sizes.aeadTag));
    return this.#aead.open(nonce, header, sealed);
  }

  /**
   * Ends this generation.
   *
   * @returns the key of the next one; who learns it cannot find this one
   * @throws CryptoError `misuse` after {@link dispose}
   */
  next(): TrafficKey {
    this.#expectUsable();
    const secret = hkdfExpand(this.#backend, this.#secret, labels.trafficUpdate, 32);
    this.dispose();
    return new TrafficKey(this.#backend, this.#suite, secret);
  }

  /** Wipes the secrets that this key holds as bytes; it refuses everything afterwards. */
  dispose(): void {
    this.#disposed = true;
    wipe(this.#secret, this.#iv);
  }

  /** From a wiped secret follows a next key that everyone can compute. */
  #expectUsable(): void {
    if (this.#disposed) throw new CryptoError('misuse', 'This traffic key was disposed of');
  }

  #nextNonce(length: number): Uint8Array {
    this.#expectUsable();
    // The record behind the last may still be the update. Beyond it, whatever limits its user was
    // given, the key is refused: far below, sequence numbers would repeat and open the records.
    if (this.#records > recordLimits.recordsPerKey) {
      throw new CryptoError('key-exhausted', 'This traffic key has protected all records it may');
    }
    const nonce = Uint8Array.from(this.#iv);
    const view = new DataView(nonce.buffer);
    // The key is updated long before the sequence number leaves its low 32 bits.
    view.setUint32(8, view.getUint32(8) ^ this.#records);
    this.#records += 1;
    this.#bytes += length;
    return nonce;
  }
}
