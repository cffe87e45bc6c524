import { CryptoError } from '../errors.js';
import { recordLimits, sizes } from '../labels.js';
import { decodeRecordHeader, recordHeaderLength, type RecordType } from './header.js';
import type { KeyLimits } from './record-sealer.js';
import type { TrafficKey } from './traffic-key.js';

/** A record whose tag was verified. */
export interface OpenedRecord {
  /** What it carries. Updates are handled by the opener and not given out. */
  readonly type: Exclude<RecordType, 'update' | 'handshake'>;
  /** Its content, in a buffer of its own that the receiver may keep. */
  readonly plaintext: Uint8Array;
}

interface RecordUnderWay {
  readonly type: Exclude<RecordType, 'handshake'>;
  /** Bytes of ciphertext and tag. */
  readonly sealedLength: number;
}

/** An assembly buffer that is worth keeping while nothing large is under way. */
const smallAssembly = 4096;

/**
 * Turns the bytes of one direction back into records, however the stream was split.
 *
 * Nothing of a record is given out before its tag was verified. After an error the opener is
 * dead and refuses everything: the connection must end without a reply.
 */
export class RecordOpener {
  #key: TrafficKey;
  readonly #limits: KeyLimits;
  readonly #header = new Uint8Array(recordHeaderLength);
  #headerFilled = 0;
  #record: RecordUnderWay | undefined;
  /** Where a record is put together that comes in several chunks; used again for the next. */
  #assembly: Uint8Array = new Uint8Array(0);
  #assembled = 0;
  #failed = false;

  /**
   * @param key - the direction's first application key
   * @param limits - what the peer may protect with one key
   */
  constructor(key: TrafficKey, limits: KeyLimits = recordLimits) {
    this.#key = key;
    this.#limits = limits;
  }

  /** Whether the stream may end here: false inside a record. */
  get isAtBoundary(): boolean {
    return this.#headerFilled === 0;
  }

  /**
   * Feeds the next bytes of the stream and gives the records that they complete, one at a time.
   * The bytes are used up only as the records are taken: finish the iteration before feeding more.
   *
   * @param chunk - the next bytes; not kept after the iteration
   * @throws CryptoError `bad-message` for a type or length that is not allowed,
   *   `authentication-failed` for a wrong tag, `key-exhausted` when the peer did not update in time
   */
  *receive(chunk: Uint8Array): Generator<OpenedRecord, void, void> {
    if (this.#failed) throw new CryptoError('misuse', 'This direction has failed; connect anew');
    let completed = false;
    try {
      yield* this.#records(chunk);
      completed = true;
    } finally {
      // Whoever stops in the middle has lost bytes of the stream: nothing behind them can be trusted.
      if (!completed) this.#failed = true;
    }
  }

  /** Wipes the key. */
  dispose(): void {
    this.#failed = true;
    this.#key.dispose();
  }

  *#records(chunk: Uint8Array): Generator<OpenedRecord, void, void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (!this.#record) {
        rest = this.#readHeader(rest);
        continue;
      }
      const { type, sealedLength } = this.#record;
      const sealed = this.#assemble(rest, sealedLength);
      if (!sealed) return;
      rest = rest.subarray(sealed.taken);
      const plaintext = this.#key.open(this.#header, sealed.bytes);
      this.#record = undefined;
      this.#headerFilled = 0;
      this.#assembled = 0;
      if (type === 'update') {
        this.#key = this.#key.next();
      } else {
        if (type !== 'data') this.#releaseAssembly();
        yield { type, plaintext };
      }
    }
  }

  #readHeader(bytes: Uint8Array): Uint8Array {
    const part = bytes.subarray(0, recordHeaderLength - this.#headerFilled);
    this.#header.set(part, this.#headerFilled);
    this.#headerFilled += part.length;
    if (this.#headerFilled === recordHeaderLength) this.#record = this.#beginRecord();
    return bytes.subarray(part.length);
  }

  /** Gives the record's ciphertext and tag in one piece as soon as all of it has come. */
  #assemble(
    bytes: Uint8Array,
    sealedLength: number,
  ): { readonly bytes: Uint8Array; readonly taken: number } | undefined {
    if (this.#assembled === 0 && bytes.length >= sealedLength) {
      return { bytes: bytes.subarray(0, sealedLength), taken: sealedLength };
    }
    if (this.#assembly.length < sealedLength) this.#assembly = new Uint8Array(sealedLength);
    const part = bytes.subarray(0, sealedLength - this.#assembled);
    this.#assembly.set(part, this.#assembled);
    this.#assembled += part.length;
    if (this.#assembled < sealedLength) return undefined;
    return { bytes: this.#assembly.subarray(0, sealedLength), taken: part.length };
  }

  /** A connection that has nothing large under way holds nothing large. */
  #releaseAssembly(): void {
    if (this.#assembly.length > smallAssembly) this.#assembly = new Uint8Array(0);
  }

  /** Refuses from the header alone what cannot be right, before anything is stored for it. */
  #beginRecord(): RecordUnderWay {
    const { type, length: sealedLength } = decodeRecordHeader(this.#header);
    const length = sealedLength - sizes.aeadTag;
    if (type === undefined || type === 'handshake') {
      throw new CryptoError('bad-message', 'The peer sent a record of a type not allowed here');
    }
    if (length < 0 || length > recordLimits.plaintext || (type === 'update' && length > 0)) {
      throw new CryptoError(
        'bad-message',
        `The peer sent a ${type} record of a length not allowed`,
      );
    }
    // An update may come as the record behind the last: it is how the peer obeys the limit.
    const isSpent =
      type !== 'update' &&
      (this.#key.records >= this.#limits.recordsPerKey ||
        this.#key.bytes + length > this.#limits.bytesPerKey);
    if (isSpent) {
      throw new CryptoError('key-exhausted', 'The peer used one key for more than is safe');
    }
    return { type, sealedLength };
  }
}
