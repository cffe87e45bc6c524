// Runs in a thread of its own and does the tasks that come, one after the other.
import { parentPort } from 'node:worker_threads';

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
  const outcomes = batch.map(outcomeOf);
  // Bytes change hands rather than being copied.
  const buffers = outcomes.flatMap((outcome) =>
    'failure' in outcome || !outcome.bytes ? [] : [outcome.bytes.buffer],
  );
  parentPort?.postMessage(outcomes, buffers);
});

function outcomeOf(task: Task): Outcome {
  try {
    return perform(task);
  } catch (error) {
    if (!(error instanceof Error)) return { failure: { message: String(error) } };
    const { message } = error;
    const code = 'code' in error ? error.code : undefined;
    const syscall = 'syscall' in error ? error.syscall : undefined;
    return { failure: { message, code, syscall } };
  }
}
