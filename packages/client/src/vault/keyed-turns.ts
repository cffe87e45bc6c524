import { untilAborted } from '../connection/abort.js';

/** Lets one task at a time through for each key, in the order in which they came. */
export class KeyedTurns {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * @param keys - what only one task at a time may work on
   * @param signal - ends the wait for the turn
   * @param task - what to do when the turn has come
   * @returns what the task returns or throws
   * @throws ClientError `aborted`
   */
  async run<Result>(
    keys: readonly string[],
    signal: AbortSignal,
    task: () => Promise<Result>,
  ): Promise<Result> {
    const older = keys.flatMap((key) => this.#last.get(key) ?? []);
    const before = Promise.all(older);
    let release = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      release = resolve;
    });
    const last = before.then(() => ended);
    for (const key of keys) this.#last.set(key, last);
    try {
      if (older.length > 0) await untilAborted(before, signal);
      return await task();
    } finally {
      release();
      for (const key of keys) if (this.#last.get(key) === last) this.#last.delete(key);
    }
  }
}
