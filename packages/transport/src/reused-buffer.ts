import type { OnReadOpts } from 'node:net';

/** Enough for messages; every connection keeps one of this size, also while nothing comes. */
const smallSize = 16 * 1024;
/** For transfers: bytes that are taken from the network at once. */
const largeSize = 512 * 1024;
/** Large buffers that nobody uses and that are kept: fresh ones cost page faults. */
const maximumSpares = 8;

const spares: Buffer[] = [];

/**
 * The memory that a socket reads into again and again. Without it, every read takes fresh memory,
 * whose page faults cost more than copying the bytes.
 *
 * A small buffer is exchanged for a large one while much comes. The socket stops reading with every
 * chunk, and goes on when it is resumed: only then is a buffer overwritten, or lent to another.
 */
export class ReusedBuffer {
  readonly #small: Buffer = Buffer.allocUnsafeSlow(smallSize);
  #current: Buffer = this.#small;
  /** Holds the last chunk, and is not needed once that is used up. */
  #retired: Buffer | undefined;
  #lastLength = 0;
  #isFirstFull = true;
  #deliver: ((chunk: Uint8Array) => void) | undefined;
  /** What came before somebody took delivery. */
  #early: Uint8Array | undefined;

  /** For the options of `net.connect`. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#next(),
    callback: (length, buffer) => {
      const chunk = buffer.subarray(0, length);
      this.#lastLength = length;
      if (this.#deliver) this.#deliver(chunk);
      else this.#early = chunk;
      return false;
    },
  };

  /** @param deliver - takes each chunk, which is valid until the socket is resumed */
  deliverTo(deliver: (chunk: Uint8Array) => void): void {
    this.#deliver = deliver;
    if (this.#early) deliver(this.#early);
    this.#early = undefined;
  }

  /** Hears that the last chunk is used up. Call it before the socket is resumed. */
  reclaim(): void {
    if (this.#retired && spares.length < maximumSpares) spares.push(this.#retired);
    this.#retired = undefined;
  }

  /**
   * Node asks behind each chunk where the next is to go. A chunk that does not fill the large buffer
   * may be the last for hours, and nobody could take the buffer away meanwhile. The first full small
   * one may come from a stranger of whom nothing was read yet: no large buffer follows it.
   */
  #next(): Buffer {
    const isFull = this.#lastLength === this.#current.length;
    if (this.#current !== this.#small) {
      if (isFull) return this.#current;
      this.#retired = this.#current;
      this.#current = this.#small;
    } else if (isFull) {
      if (!this.#isFirstFull) this.#current = spares.pop() ?? Buffer.allocUnsafeSlow(largeSize);
      this.#isFirstFull = false;
    }
    return this.#current;
  }
}
