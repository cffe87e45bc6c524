import type { TreeSize } from './tree-transfer.js';

/** Counts what there is to transfer, ahead of the transfer, and holds nothing of it but the sums. */
export class SizeAhead {
  readonly #stopping = new AbortController();
  #files = 0;
  #bytes = 0;
  #isComplete = false;

  /** What was found so far. */
  get size(): TreeSize {
    return { files: this.#files, bytes: this.#bytes, isComplete: this.#isComplete };
  }

  /**
   * @param other - another signal, if there is one
   * @returns a signal that ends what the sizes come from
   */
  signalWith(other: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, ...(other ? [other] : [])]);
  }

  /**
   * @param sizes - the bytes of each file; their source may fail, as it may in the transfer, which
   *   says so
   * @returns once they have ended, or the counting was stopped
   */
  async count(sizes: AsyncIterable<number>): Promise<void> {
    try {
      for await (const bytes of sizes) {
        if (this.#stopping.signal.aborted) return;
        this.#files += 1;
        this.#bytes += bytes;
      }
      this.#isComplete = true;
    } catch {
      // How much there is stays unknown.
    }
  }

  /** Ends the counting. */
  stop(): void {
    this.#stopping.abort();
  }
}
