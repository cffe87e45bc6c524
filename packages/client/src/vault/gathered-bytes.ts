/** Bytes of the first memory; a few chunks. */
const firstSize = 262_144;

/**
 * Puts pieces together in memory that is used again and again: fresh memory costs more than what is
 * written into it.
 */
export class GatheredBytes {
  #memory = new Uint8Array(0);

  /**
   * @param pieces - bytes in pieces
   * @returns all of them in one, valid until the next are put together
   */
  gather(pieces: readonly Uint8Array[]): Uint8Array {
    const [first, ...others] = pieces;
    if (first && others.length === 0) return first;
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (size > this.#memory.length) this.#memory = new Uint8Array(Math.max(size, firstSize));
    let end = 0;
    for (const piece of pieces) {
      this.#memory.set(piece, end);
      end += piece.length;
    }
    return this.#memory.subarray(0, size);
  }
}
