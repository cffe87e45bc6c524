import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import writeFileAtomic from 'write-file-atomic';

import { asClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';

/**
 * @param path - a small text file
 * @returns its text; empty when there is no such file
 * @throws ClientError `local-file`
 */
export async function readSmallFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return '';
    throw asClientError(error);
  }
}

/**
 * Replaces a small text file whole: a reader, or a crash, finds the old text or the new one. Only
 * the owner can read it, and its folder if that has to be made.
 *
 * @param path - the file
 * @param text - what it will say
 * @throws ClientError `local-file`
 */
export async function replaceSmallFile(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, text, { mode: 0o600 });
  } catch (error) {
    throw asClientError(error);
  }
}
