import { parentPort } from 'node:worker_threads';

import { packError, type PackedError } from './packed-error.js';

/** What became of a task. */
export type Outcome<Result> = { readonly result: Result } | { readonly failure: PackedError };

/**
 * Makes the thread that calls it do tasks, one after the other, as they come.
 *
 * @param perform - does a task; it may keep the thread as long as it likes
 * @param memoryOf - of a result, the memory that changes hands rather than being copied
 */
export function serveTasks<Perform extends (task: never) => unknown>(
  perform: Perform,
  memoryOf: (result: ReturnType<Perform>) => readonly ArrayBuffer[],
): void {
  type Result = ReturnType<Perform>;
  parentPort?.on('message', (batch: readonly Parameters<Perform>[0][]) => {
    const memory: ArrayBuffer[] = [];
    const outcomes = batch.map((task): Outcome<Result> => {
      try {
        const result = perform(task) as Result;
        memory.push(...memoryOf(result));
        return { result };
      } catch (error) {
        return { failure: packError(error) };
      }
    });
    parentPort?.postMessage(outcomes, memory);
  });
}
