import { Worker } from 'node:worker_threads';

import { unpackError } from './system-failure.js';
import type { Task, TaskResult } from './tasks.js';
import type { Outcome } from './thread.js';

/** A task, and who waits for it. */
export interface WaitingTask {
  readonly task: Task;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: Error) => void;
}

/** Batches that a thread has at once: one to work on, and the next one at hand. */
const batchesAtOnce = 2;

/** A thread that does tasks, one after the other. It begins with the first. */
export class FileThread {
  readonly #onRoom: () => void;
  #worker: Worker | undefined;
  /** What the thread has, oldest first. */
  readonly #batches: WaitingTask[][] = [];

  /** @param onRoom - hears that the thread can be given something more */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
  }

  /** Whether the thread can be given another batch. */
  get hasRoom(): boolean {
    return this.#batches.length < batchesAtOnce;
  }

  /** @param batch - what to do */
  send(batch: WaitingTask[]): void {
    this.#batches.push(batch);
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#worker.postMessage(batch.map(({ task }) => task));
  }

  /**
   * Ends the thread. What it has not done yet fails.
   *
   * @param error - with what
   */
  async close(error: Error): Promise<void> {
    const worker = this.#worker;
    this.#fail(error);
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thread.js', import.meta.url), { execArgv: [] });
    worker.on('message', (outcomes: readonly Outcome[]) => {
      this.#settle(outcomes);
    });
    // One that has died, for want of memory say, gives way to another.
    const fail = (cause: unknown): void => {
      if (this.#worker !== worker) return;
      this.#fail(deathOf(cause));
      this.#onRoom();
    };
    worker.on('error', fail);
    worker.on('exit', fail);
    return worker;
  }

  #settle(outcomes: readonly Outcome[]): void {
    const batch = this.#batches.shift() ?? [];
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (!outcome) reject(new Error('A thread for small files has not answered'));
      else if ('failure' in outcome) reject(unpackError(outcome.failure));
      else resolve(outcome);
    }
    // A thread that has nothing to do keeps no process alive.
    if (this.#batches.length === 0) this.#worker?.unref();
    this.#onRoom();
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#batches.splice(0).flat()) reject(error);
  }
}

/** A thread needs descriptors of its own to begin; Node tells the system's code in words only. */
function deathOf(cause: unknown): Error {
  const [code] = cause instanceof Error ? (/\bE[A-Z]+$/u.exec(cause.message) ?? []) : [];
  return Object.assign(new Error('A thread for small files died', { cause }), code && { code });
}
