/** Which way bytes go: up to the server, or down to the client. */
export type Direction = 'up' | 'down';

/** A hello, or a record, as it is on the wire: its header is in the clear, its content is not. */
export interface WireRecord {
  /** The first byte of a record (SPEC.md, records); `hello` for what comes before the first one. */
  readonly type: number | 'hello';
  /** All of its bytes, header included. */
  readonly bytes: Buffer;
}

const headerLength = 4;

/** The client's hello begins with four bytes that name the protocol, the server's does not. */
const helloStart: Readonly<Record<Direction, number>> = { up: 4, down: 0 };

/** Cuts one direction of a connection into its hello and its records, without any key. */
export class RecordSplitter {
  readonly #direction: Direction;
  #hasHello = false;
  #waiting = Buffer.alloc(0);

  /** @param direction - which one */
  constructor(direction: Direction) {
    this.#direction = direction;
  }

  /** Bytes that have come and are no whole record yet. */
  get rest(): Buffer {
    return this.#waiting;
  }

  /**
   * @param chunk - the next bytes
   * @returns what is whole by now
   */
  *push(chunk: Uint8Array): Generator<WireRecord, void, void> {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    for (;;) {
      const length = this.#nextLength();
      if (length === undefined || this.#waiting.length < length) return;
      const bytes = this.#waiting.subarray(0, length);
      this.#waiting = this.#waiting.subarray(length);
      yield { type: this.#hasHello ? bytes.readUInt8(0) : 'hello', bytes };
      this.#hasHello = true;
    }
  }

  #nextLength(): number | undefined {
    const { length } = this.#waiting;
    if (this.#hasHello) {
      return length < headerLength ? undefined : headerLength + this.#waiting.readUIntBE(1, 3);
    }
    const start = helloStart[this.#direction];
    return length < start + 2 ? undefined : start + 2 + this.#waiting.readUInt16BE(start);
  }
}
