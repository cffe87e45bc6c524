export { FileWriteError } from './file-write-error.js';
export { FileWriter, type FileWriterOptions, type FlushTurn } from './file-writer.js';
export { readChunks } from './read-chunks.js';
