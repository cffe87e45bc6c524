import { StoreError } from './store-error.js';

/** How long a file may wait to be opened, in milliseconds. */
const patience = 5000;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Bounds how many files are open at once, for transfers above all: each takes a descriptor of the
 * process, and a process that has none left can take no connection either.
 *
 * Who comes when all are in use waits, in the order of coming, since transfers end all the time;
 * but not for long, since the slowest clients of all may be the ones that hold them.
 */
export class OpenFiles {
  #limit: number;
  #open = 0;
  readonly #waiting = new Set<Waiting>();

  /** @param limit - files open at once; `Infinity` for as many as the system has */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Files that are open now. */
  get open(): number {
    return this.#open;
  }

  /** @param limit - files open at once from now on; those that are open already stay so */
  changeLimit(limit: number): void {
    this.#limit = limit;
    this.#startNext();
  }

  /**
   * Takes the place of one file.
   *
   * @returns gives it back; calling it again does nothing
   * @throws StoreError `busy` when no place was free in time
   */
  async take(): Promise<() => void> {
    if (this.#open >= this.#limit) await this.#wait();
    else this.#open += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#open -= 1;
      this.#startNext();
    };
  }

  /** Nobody need wait any longer. */
  close(): void {
    for (const { reject } of this.#waiting) reject(new StoreError('io', 'The store was closed'));
    this.#waiting.clear();
  }

  async #wait(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let waiting: Waiting | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        waiting = { resolve, reject };
        this.#waiting.add(waiting);
        timer = setTimeout(() => {
          reject(new StoreError('busy', `${this.#limit} files are open; raise open-files`));
        }, patience);
      });
    } finally {
      clearTimeout(timer);
      if (waiting) this.#waiting.delete(waiting);
    }
  }

  #startNext(): void {
    for (const next of this.#waiting) {
      if (this.#open >= this.#limit) return;
      this.#waiting.delete(next);
      // Taken at once: nobody who comes now may be faster.
      this.#open += 1;
      next.resolve();
    }
  }
}
