import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Waits for a signal that asks the program to end. A second one ends it at once.
 *
 * @returns the first signal
 */
export function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isFirst = true;
    for (const signal of signals) {
      process.on(signal, () => {
        if (!isFirst) process.exit(128 + constants.signals[signal]);
        isFirst = false;
        resolve(signal);
      });
    }
  });
}

/**
 * SIGHUP, which asks a server to read its configuration again. From the moment that this object is
 * made, it never ends the program; one that comes before anybody listens is kept.
 */
export class HangUps {
  #listener: (() => void) | undefined;
  #isPending = false;

  constructor() {
    process.on('SIGHUP', () => {
      if (this.#listener) this.#listener();
      else this.#isPending = true;
    });
  }

  /** @param listener - called for each */
  listen(listener: () => void): void {
    this.#listener = listener;
    if (this.#isPending) listener();
  }

  /** From now on nothing follows them. */
  ignore(): void {
    this.#listener = () => undefined;
  }
}
