// Runs in a thread of its own and does the tasks that come, one after the other.
import { parentPort } from 'node:worker_threads';

import { packError, type SystemFailure } from './system-failure.js';
import { memoryOf, perform, type Task, type TaskResult } from './tasks.js';

/** What became of a task. */
export type Outcome = TaskResult | { readonly failure: SystemFailure };

parentPort?.on('message', (batch: readonly Task[]) => {
  const outcomes = batch.map(outcomeOf);
  const memory = outcomes.flatMap((outcome) => ('failure' in outcome ? [] : memoryOf(outcome)));
  parentPort?.postMessage(outcomes, memory);
});

function outcomeOf(task: Task): Outcome {
  try {
    return perform(task);
  } catch (error) {
    return { failure: packError(error) };
  }
}
