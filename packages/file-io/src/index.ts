export { SharedRuns } from './shared-runs.js';
export { FileWriteError } from './file-write-error.js';
export { FileWriter, type FileWriterOptions, type FlushTurn } from './file-writer.js';
export { readChunks } from './read-chunks.js';
export type { FileStats } from './small-files/file-stats.js';
export { SmallFiles, type PlacedFile, type ReadFile } from './small-files/small-files.js';
export type { FileToPlace, FileToWrite, WriteOptions } from './small-files/tasks.js';
