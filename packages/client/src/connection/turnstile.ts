/**
 * Lets one task through at a time, in the order in which they came: a request and its body must
 * not be torn apart by another request.
 */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param task - what to do when its turn has come
   * @returns what the task returns or throws
   */
  pass<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task);
    // The next in line waits for this task's end, not for its success.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
