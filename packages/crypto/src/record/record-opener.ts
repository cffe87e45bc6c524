import type { AeadOpening } from '../backend.js';
import { CryptoError } from '../errors.js';
import { recordLimits, sizes } from '../labels.js';
import { decodeRecordHeader, recordHeaderLength, type RecordType } from './header.js';
import type { KeyLimits } from './record-sealer.js';
import type { TrafficKey } from './traffic-key.js';

/** A record whose tag was verified. */
export interface OpenedRecord {
  /** What it carries. Updates are handled by the opener and not given out. */
  readonly type: Exclude<RecordType, 'update' | 'handshake'>;
  /** Its content in pieces; each is a buffer of its own that the receiver may keep. */
  readonly plaintext: Uint8Array[];
  /** Bytes of content. */
  readonly length: number;
}

interface RecordUnderWay {
  readonly type: Exclude<RecordType, 'handshake'>;
  readonly length: number;
  readonly opening: AeadOpening;
  ciphertextLeft: number;
}

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
  readonly #tag = new Uint8Array(sizes.aeadTag);
  #tagFilled = 0;
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
      rest = this.#consume(rest);
      if (this.#tagFilled === sizes.aeadTag) {
        const opened = this.#finishRecord();
        if (opened) yield opened;
      }
    }
  }

  /** Takes what belongs to the current part of the current record; returns what lies behind it. */
  #consume(bytes: Uint8Array): Uint8Array {
    if (!this.#record) {
      const part = bytes.subarray(0, recordHeaderLength - this.#headerFilled);
      this.#header.set(part, this.#headerFilled);
      this.#headerFilled += part.length;
      if (this.#headerFilled === recordHeaderLength) this.#record = this.#beginRecord();
      return bytes.subarray(part.length);
    }
    if (this.#record.ciphertextLeft > 0) {
      const part = bytes.subarray(0, this.#record.ciphertextLeft);
      this.#record.opening.update(part);
      this.#record.ciphertextLeft -= part.length;
      return bytes.subarray(part.length);
    }
    const part = bytes.subarray(0, sizes.aeadTag - this.#tagFilled);
    this.#tag.set(part, this.#tagFilled);
    this.#tagFilled += part.length;
    return bytes.subarray(part.length);
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
    const opening = this.#key.open(this.#header.slice(), length);
    return { type, length, opening, ciphertextLeft: length };
  }

  #finishRecord(): OpenedRecord | undefined {
    const { type, length, opening } = this.#record as RecordUnderWay;
    const plaintext = opening.finish(this.#tag);
    this.#record = undefined;
    this.#headerFilled = 0;
    this.#tagFilled = 0;
    if (type !== 'update') return { type, plaintext, length };
    this.#key = this.#key.next();
    return undefined;
  }
}
