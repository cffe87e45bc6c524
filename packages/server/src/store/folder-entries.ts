import { link, lstat, mkdir, rename, rmdir, unlink } from 'node:fs/promises';

import { entryFacts, type EntryFacts } from './file-entry.js';
import type { FolderRoom } from './coordination.js';
import type { Folder } from './folder.js';
import { StoreError } from './store-error.js';
import type { OverwritePolicy } from './store.js';
import { asStoreError, systemCodeOf, unlessMissing } from './system-errors.js';

/**
 * @param path - a path whose folder is open
 * @returns what is there
 * @throws StoreError `not-found`, also for what is neither a file nor a folder
 */
export async function lookAt(path: string): Promise<EntryFacts> {
  try {
    const facts = entryFacts(await lstat(path, { bigint: true }));
    if (facts) return facts;
  } catch (error) {
    throw asStoreError('Cannot look at a file', error);
  }
  throw new StoreError('not-found', 'There is neither a file nor a folder');
}

/**
 * Adds a new entry to a folder, unless that is full.
 *
 * @param room - of the folders
 * @param path - the folder's, in the tree
 * @param add - adds it
 * @returns what `add` returns
 * @throws StoreError `directory-full`, or what `add` throws
 */
export async function addEntry<Result>(
  room: FolderRoom,
  path: string,
  add: () => Promise<Result>,
): Promise<Result> {
  await reserveRoom(room, path);
  let isAdded = false;
  try {
    const result = await add();
    isAdded = true;
    return result;
  } finally {
    room.settle(path, 1, isAdded ? 1 : 0);
  }
}

/**
 * @param room - of the folders
 * @param path - the folder that is to have one more entry
 * @throws StoreError `directory-full`
 */
export async function reserveRoom(room: FolderRoom, path: string): Promise<void> {
  if (!(await room.reserve(path, 1))) throw directoryFull();
}

/** @returns what somebody hears who adds an entry to a folder that is full */
export function directoryFull(): StoreError {
  return new StoreError('directory-full', 'The folder has as many entries as one may have');
}

/**
 * Gives a file its place, at once and whole, or leaves everything as it was. The caller holds the
 * lock of that place.
 *
 * @param from - the file's path so far
 * @param folder - where it is to be
 * @param name - its name there
 * @param overwrite - what to do about a file that is there
 * @throws StoreError `conflict`, or an error of the system
 */
export async function placeFile(
  from: string,
  folder: Folder,
  name: string,
  overwrite: OverwritePolicy,
): Promise<void> {
  const to = folder.at(name);
  if (overwrite === 'never') {
    await linkThenUnlink(from, to);
    return;
  }
  if (overwrite !== 'always') await requireEtag(to, overwrite.etag);
  await rename(from, to);
}

/** Other programs may write here too: only a link fails where something came first. */
async function linkThenUnlink(from: string, to: string): Promise<void> {
  await link(from, to).catch(rethrowLinkError);
  try {
    await unlink(from);
  } catch (error) {
    await unlink(to);
    throw error;
  }
}

/**
 * @param error - what a system says when it cannot make a hard link
 * @throws StoreError `io` where there are no such links, otherwise the error itself
 */
export function rethrowLinkError(error: unknown): never {
  if (!withoutLinks.has(systemCodeOf(error))) throw error;
  throw new StoreError('io', linksAreNeeded, { cause: error });
}

const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

const linksAreNeeded =
  'The file system allows no hard links, which keep a file from being replaced; ' +
  'put the data directory on one that does';

/**
 * @param path - a path whose folder is open
 * @param etag - the one that the file there must have
 * @throws StoreError `conflict` when it has another, or there is none
 */
export async function requireEtag(path: string, etag: string): Promise<void> {
  const facts = await unlessMissing(lookAt(path));
  if (facts?.type === 'file' && facts.etag === etag) return;
  throw new StoreError('conflict', 'The file is not the one that was to be replaced');
}

/**
 * Gives a folder its place. The caller holds the lock of that place.
 *
 * @param from - the folder's path so far
 * @param folder - where it is to be
 * @param name - its name there
 * @throws StoreError `conflict` when anything is there: a system would replace an empty folder
 */
export async function placeFolder(from: string, folder: Folder, name: string): Promise<void> {
  const to = folder.at(name);
  if (await exists(to)) throw new StoreError('conflict', 'Something is where the folder was to be');
  await rename(from, to);
}

/**
 * Removes what is at a path.
 *
 * @param path - a path whose folder is open
 * @param facts - what is there
 * @param grave - where a folder goes with all that is in it; otherwise only an empty one goes
 * @throws StoreError `not-found`, or an error of the system
 */
export async function deleteEntry(
  path: string,
  { type }: EntryFacts,
  grave: string | undefined,
): Promise<void> {
  if (type === 'file') await unlink(path);
  else if (grave === undefined) await rmdir(path);
  else await rename(path, grave);
}

/**
 * @param path - a path whose folder is open
 * @returns whether the folder was made; otherwise something was there already
 */
export async function makeFolderAt(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw asStoreError('Cannot make a folder', error);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
