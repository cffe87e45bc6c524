import type { FileStats } from '@e2eeftp/file-io';

import { ClientError } from '../errors.js';

/**
 * @param path - something that was to be sent
 * @param facts - what the system says of it
 * @returns what is wrong about it
 */
export function noFileError(path: string, facts: Pick<FileStats, 'isDirectory'>): ClientError {
  const what = facts.isDirectory() ? 'is a folder' : 'is no file';
  return new ClientError('local-file', `${path} ${what}, and a file was expected`);
}

/**
 * @param path - a file that was being sent
 * @returns what is wrong about it
 */
export function changedError(path: string): ClientError {
  return new ClientError('local-file', `${path} changed while it was read; send it again`);
}

/**
 * @param path - a local file that may not be replaced
 * @returns what is wrong about a file in its place
 */
export function keptError(path: string): ClientError {
  return new ClientError('conflict', `${path} exists already and is kept`);
}
