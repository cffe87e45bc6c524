import { exitCodes } from './exit-code.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns the first signal into an abort, so that whatever is under way can clean up behind itself;
 * a second one ends the program at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  /** The one that hears of Ctrl-C in place of this one. */
  #inner: Interruption | undefined;
  readonly #interrupt = (signal: NodeJS.Signals): void => {
    const inner = this.#inner;
    if (!inner || signal !== 'SIGINT') this.#end();
    if (inner) inner.#end();
  };
  readonly #release: () => void;

  /** Listens to the system's signals. */
  constructor(release?: () => void) {
    if (release) {
      this.#release = release;
      return;
    }
    for (const signal of signals) process.on(signal, this.#interrupt);
    this.#release = () => {
      for (const signal of signals) process.off(signal, this.#interrupt);
    };
  }

  /** Says that the program was interrupted. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Lets Ctrl-C interrupt one thing that the program does, and not the program. The other signals
   * still end both.
   *
   * @returns the interruption of that thing alone, to be stopped when it is done
   */
  ofOne(): Interruption {
    const inner = new Interruption(() => {
      if (this.#inner === inner) this.#inner = undefined;
    });
    this.#inner = inner;
    if (this.signal.aborted) inner.#controller.abort();
    return inner;
  }

  /** Leaves signals to whom they belonged before. */
  stop(): void {
    this.#release();
  }

  #end(): void {
    if (this.#controller.signal.aborted) process.exit(exitCodes.interrupted);
    this.#controller.abort();
  }
}
