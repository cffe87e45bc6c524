import { untilAborted } from '../connection/abort.js';

/** Lets one task at a time through for each key, in the order in which they came. */
export class KeyedTurns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * @param key - what only one task at a time may work on
   * @param signal - ends the wait for the turn
   * @param task - what to do when the turn has come
   * @returns what the task returns or throws
   * @throws ClientError `aborted`
   */
  async run<Result>(
    key: string,
    signal: AbortSignal,
    task: () => Promise<Result>,
  ): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let release = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      release = resolve;
    });
    const last = before.then(() => ended);
    this.#last.set(key, last);
    try {
      await untilAborted(before, signal);
      return await task();
    } finally {
      release();
      if (this.#last.get(key) === last) this.#last.delete(key);
    }
  }
}
