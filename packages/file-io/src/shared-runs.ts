interface Run {
  readonly running: Promise<void>;
  /** The one that begins when the running one has ended; several wait for it. */
  next: Promise<void> | undefined;
}

/**
 * Lets many wait for one run of the same work, such as the flush of a folder into which many files
 * are put. Only a run that begins after a call has seen what was there before the call, so those
 * who come while one is under way share the next.
 */
export class SharedRuns {
  readonly #runs = new Map<string, Run>();

  /**
   * @param key - says which work it is
   * @param work - does it
   * @returns once a run that began after this call has ended
   * @throws what that run throws, to all who share it
   */
  run(key: string, work: () => Promise<void>): Promise<void> {
    const current = this.#runs.get(key);
    if (!current) return this.#begin(key, work);
    current.next ??= current.running.catch(() => undefined).then(() => this.#begin(key, work));
    return current.next;
  }

  #begin(key: string, work: () => Promise<void>): Promise<void> {
    const running = work();
    const run: Run = { running, next: undefined };
    this.#runs.set(key, run);
    const settle = (): void => {
      // The next one, if there is one, takes the place.
      if (!run.next) this.#runs.delete(key);
    };
    running.then(settle, settle);
    return running;
  }
}
