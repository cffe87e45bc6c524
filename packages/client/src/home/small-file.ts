import { mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import writeFileAtomic from 'write-file-atomic';

import { asClientError, ClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';

/** Milliseconds to wait for another program's edit, which takes a few. */
const patience = 5000;
const pollInterval = 10;

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

/**
 * Changes a small text file as {@link replaceSmallFile} does, one program after the other: of two
 * edits at the same time, none undoes the other.
 *
 * @param path - the file; a missing one says nothing
 * @param change - gets the text, and gives the one that takes its place
 * @throws ClientError `local-file`, and whatever `change` throws
 */
export async function editSmallFile(
  path: string,
  change: (text: string) => string | Promise<string>,
): Promise<void> {
  const release = await lock(path);
  try {
    const before = await readSmallFile(path);
    const after = await change(before);
    if (after !== before) await replaceSmallFile(path, after);
  } finally {
    await release();
  }
}

/** A program that is killed within the few milliseconds leaves its lock behind: the user decides. */
async function lock(path: string): Promise<() => Promise<void>> {
  const lockPath = `${path}.lock`;
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await (await open(lockPath, 'wx', 0o600)).close();
      return () => unlink(lockPath);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw asClientError(error);
      if (performance.now() > deadline) {
        throw new ClientError(
          'local-file',
          `Another program seems to be changing ${path}: ${lockPath} is in the way. If none is, remove that file, and try again`,
          { cause: error },
        );
      }
      await sleep(pollInterval);
    }
  }
}
