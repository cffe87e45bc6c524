/**
 * Works on several tasks at once, and takes no more of them than it works on. The first failure ends
 * it, after the tasks under way have ended.
 */
export class TaskPool {
  readonly #width: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #failure: { readonly reason: unknown } | undefined;

  /** @param width - how many tasks are under way at once, at least 1 */
  constructor(width: number) {
    this.#width = width;
  }

  /**
   * @param task - what to do
   * @returns once it has begun
   * @throws what a task before threw first
   */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.#underWay >= this.#width) await this.#change();
    if (this.#failure) throw this.#failure.reason;
    this.#underWay += 1;
    void this.#work(task);
  }

  /**
   * @returns once all tasks have ended
   * @throws what a task threw first
   */
  async end(): Promise<void> {
    while (this.#underWay > 0) await this.#change();
    if (this.#failure) throw this.#failure.reason;
  }

  async #work(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (reason) {
      this.#failure ??= { reason };
    }
    this.#underWay -= 1;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

/**
 * Works on several items at once, and takes no more of them than it works on: the source may be
 * endless.
 *
 * @param items - what to work on; asked for one more whenever there is room
 * @param width - how many tasks are under way at once, at least 1
 * @param task - what to do with an item
 * @throws what the source or a task threw first, after the tasks under way have ended
 */
export async function inParallel<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  width: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const pool = new TaskPool(width);
  try {
    for await (const item of items) await pool.add(() => task(item));
  } finally {
    await pool.end();
  }
}
