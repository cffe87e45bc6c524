/** Bytes that a file is taken to have before it is known. */
const typicalSize = 8 * 1024;

/**
 * Memory for the contents of several files, one behind the other, which goes from one thread to
 * another as a whole: to hand over a block costs the same whatever its size.
 */
export class ContentBlock {
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;

  /** @param files - how many there are about */
  constructor(files: number) {
    this.#bytes = allocate(files * typicalSize);
  }

  /** What was kept, from the first byte on. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#used);
  }

  /**
   * @param size - bytes
   * @returns so many behind what was kept, which hold anything; valid until more are asked for
   */
  room(size: number): Uint8Array<ArrayBuffer> {
    const end = this.#used + size;
    if (end > this.#bytes.length) {
      const larger = allocate(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    return this.#bytes.subarray(this.#used, end);
  }

  /** @param size - bytes of that room which were filled, and are kept */
  keep(size: number): void {
    this.#used += size;
  }
}

function allocate(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
