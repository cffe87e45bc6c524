import { TaskThread, type WaitingTask } from './task-thread.js';

/** How tasks are done. */
export interface TaskThreadsOptions {
  /**
   * What each thread runs: a module that calls {@link serveTasks}. Write
   * `new URL('./thread.js', import.meta.url)`, so that bundlers find it.
   */
  readonly script: URL;
  /** Threads at most, at least 1. */
  readonly threads: number;
  /**
   * Whether a task begins another thread while all that there are have something to do. Otherwise,
   * another one begins only when these can take no more: for tasks that mostly wait.
   */
  readonly spreads?: boolean | undefined;
}

/**
 * Does tasks in threads of their own. Whatever is asked for in one turn of the event loop goes over
 * together, since a crossing costs as much as a small task.
 *
 * Threads begin when there is work for them, keep no process alive that has nothing else to do, and end
 * with {@link TaskThreads.close}. Each does one thing after the other.
 */
export class TaskThreads<Task, Result> {
  readonly #options: TaskThreadsOptions;
  readonly #threads: TaskThread<Task, Result>[] = [];
  readonly #queue: WaitingTask<Task, Result>[] = [];
  #isScheduled = false;
  #isClosed = false;

  /** @param options - what the threads run, and how many there may be */
  constructor(options: TaskThreadsOptions) {
    this.#options = options;
  }

  /**
   * @param task - what to do; it is copied
   * @returns what the thread gives
   * @throws what the thread has thrown, with its message, `code` and `syscall`; an Error when the thread
   *   died, or all of them were closed
   */
  run(task: Task): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (this.#isClosed) throw closedError();
      this.#queue.push({ task, resolve, reject });
      this.#schedule();
    });
  }

  /** Ends the threads. What they have not done yet fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#queue.splice(0)) reject(closedError());
    await Promise.all(this.#threads.map((thread) => thread.close(closedError())));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#isClosed) return;
    while (this.#queue.length > 0) {
      const thread = this.#threadWithRoom();
      if (!thread) return;
      thread.send(this.#queue.splice(0, this.#options.spreads === true ? 1 : Infinity));
    }
  }

  #threadWithRoom(): TaskThread<Task, Result> | undefined {
    const { script, threads, spreads = false } = this.#options;
    const byLoad = [...this.#threads].sort((one, other) => one.load - other.load);
    const free = (spreads ? byLoad : this.#threads).find((thread) => thread.hasRoom);
    const isGood = free && (!spreads || free.load === 0);
    if (isGood || this.#threads.length === threads) return free;
    const thread = new TaskThread<Task, Result>(script, () => {
      if (this.#queue.length > 0) this.#schedule();
    });
    this.#threads.push(thread);
    return thread;
  }
}

function closedError(): Error {
  return new Error('The threads were closed');
}
