import { CryptoError } from '../errors.js';
import { recordLimits, sizes } from '../labels.js';
import { encodeRecordHeader, type RecordType } from './header.js';
import type { TrafficKey } from './traffic-key.js';

/** How much one key may protect. Smaller values make updates more frequent. */
export interface KeyLimits {
  /** Records, at most 2^24. */
  readonly recordsPerKey: number;
  /** Bytes of plaintext, at most 64 GiB. */
  readonly bytesPerKey: number;
}

/**
 * Turns contents into the records of one direction, and updates the key in time.
 */
export class RecordSealer {
  #key: TrafficKey;
  readonly #limits: KeyLimits;

  /**
   * @param key - the direction's first application key
   * @param limits - when to update it
   */
  constructor(key: TrafficKey, limits: KeyLimits = recordLimits) {
    this.#key = key;
    this.#limits = limits;
  }

  /**
   * Seals one record, behind an update record when the key has done its share.
   *
   * @param type - what the record carries
   * @param plaintext - its content in pieces, at most 1,048,576 bytes together
   * @returns the bytes to send, in pieces; the caller may not reorder or drop any
   * @throws CryptoError `misuse` when the content is too long
   */
  seal(
    type: Exclude<RecordType, 'update' | 'handshake'>,
    plaintext: readonly Uint8Array[],
  ): Uint8Array[] {
    let length = 0;
    for (const part of plaintext) length += part.length;
    if (length > recordLimits.plaintext) {
      throw new CryptoError('misuse', `A record holds at most ${recordLimits.plaintext} bytes`);
    }
    const update = this.#isSpentBy(length) ? this.update() : [];
    return [...update, ...this.#sealWith(type, plaintext, length)];
  }

  /**
   * Ends the current key now, so that its later leak opens nothing that was sent before.
   *
   * @returns the update record to send; everything sealed afterwards uses the next key
   */
  update(): Uint8Array[] {
    const record = this.#sealWith('update', [], 0);
    this.#key = this.#key.next();
    return record;
  }

  /** Wipes the key. */
  dispose(): void {
    this.#key.dispose();
  }

  #isSpentBy(length: number): boolean {
    return (
      this.#key.records + 1 >= this.#limits.recordsPerKey ||
      this.#key.bytes + length > this.#limits.bytesPerKey
    );
  }

  #sealWith(type: RecordType, plaintext: readonly Uint8Array[], length: number): Uint8Array[] {
    const header = encodeRecordHeader(type, length + sizes.aeadTag);
    const sealed = this.#key.seal(header, plaintext, length);
    sealed.unshift(header);
    return sealed;
  }
}
