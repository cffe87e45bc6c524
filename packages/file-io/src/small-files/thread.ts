// Runs in a thread of its own and does the tasks that come, one after the other.
import { parentPort } from 'node:worker_threads';

import { Slab } from './slab.js';
import { perform, type Task, type TaskResult } from './tasks.js';

/** What became of a task. */
export type Outcome = TaskResult | { readonly failure: SystemFailure };

/** An error of the system, on its way between threads. */
export interface SystemFailure {
  readonly message: string;
  readonly code?: unknown;
  readonly syscall?: unknown;
}

parentPort?.on('message', (batch: readonly Task[]) => {
  const slab = new Slab();
  const outcomes = batch.map((task) => outcomeOf(task, slab));
  // Bytes change hands rather than being copied.
  parentPort?.postMessage(outcomes, slab.blocks);
});

function outcomeOf(task: Task, slab: Slab): Outcome {
  try {
    return perform(task, slab);
  } catch (error) {
    if (!(error instanceof Error)) return { failure: { message: String(error) } };
    const { message } = error;
    const code = 'code' in error ? error.code : undefined;
    const syscall = 'syscall' in error ? error.syscall : undefined;
    return { failure: { message, code, syscall } };
  }
}
