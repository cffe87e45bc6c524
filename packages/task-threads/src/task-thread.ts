import { Worker } from 'node:worker_threads';

import { unpackError } from './packed-error.js';
import type { Outcome } from './serve-tasks.js';

/** A task, and who waits for it. */
export interface WaitingTask<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** Batches that a thread has at once: one to work on, and the next one at hand. */
const batchesAtOnce = 2;

/** A thread that does tasks, one after the other. It begins with the first. */
export class TaskThread<Task, Result> {
  readonly #script: URL;
  readonly #onRoom: () => void;
  #worker: Worker | undefined;
  /** What the thread has, oldest first. */
  readonly #batches: WaitingTask<Task, Result>[][] = [];

  /**
   * @param script - what the thread runs
   * @param onRoom - hears that the thread can be given something more
   */
  constructor(script: URL, onRoom: () => void) {
    this.#script = script;
    this.#onRoom = onRoom;
  }

  /** Whether the thread can be given another batch. */
  get hasRoom(): boolean {
    return this.#batches.length < batchesAtOnce;
  }

  /** Batches that the thread has yet to do. */
  get load(): number {
    return this.#batches.length;
  }

  /** @param batch - what to do */
  send(batch: WaitingTask<Task, Result>[]): void {
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
    const worker = new Worker(this.#script, { execArgv: [] });
    worker.on('message', (outcomes: readonly Outcome<Result>[]) => {
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

  #settle(outcomes: readonly Outcome<Result>[]): void {
    const batch = this.#batches.shift() ?? [];
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (!outcome) reject(new Error('A thread has not answered'));
      else if ('failure' in outcome) reject(unpackError(outcome.failure));
      else resolve(outcome.result);
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
  return Object.assign(new Error('A thread died', { cause }), code && { code });
}
