/** Bytes of a block of memory that several small files share. */
const blockSize = 128 * 1024;

/**
 * Gives out pieces of larger blocks of memory, for what goes from one thread to another together: to
 * hand over a block costs the same whatever its size.
 */
export class Slab {
  /** Every block that pieces were given out of. */
  readonly blocks: ArrayBuffer[] = [];
  #free = new Uint8Array(0);

  /**
   * @param size - bytes
   * @returns so many, which hold anything
   */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (this.#free.length < size) {
      const block = Buffer.allocUnsafeSlow(Math.max(blockSize, size)).buffer;
      this.blocks.push(block);
      this.#free = new Uint8Array(block);
    }
    const piece = this.#free.subarray(0, size);
    this.#free = this.#free.subarray(size);
    return piece;
  }
}
