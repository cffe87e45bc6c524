export { packError, unpackError, type PackedError } from './packed-error.js';
export { serveTasks, type Outcome } from './serve-tasks.js';
export { TaskThreads, type TaskThreadsOptions } from './task-threads.js';
