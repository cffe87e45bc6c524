import { exitCodes } from './exit-code.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns the first signal into an abort, so that whatever is under way can clean up behind itself;
 * a second one ends the program at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #interrupt = (): void => {
    if (this.#controller.signal.aborted) process.exit(exitCodes.interrupted);
    this.#controller.abort();
  };

  constructor() {
    for (const signal of signals) process.on(signal, this.#interrupt);
  }

  /** Says that the program was interrupted. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Leaves signals to the system again. */
  stop(): void {
    for (const signal of signals) process.off(signal, this.#interrupt);
  }
}
