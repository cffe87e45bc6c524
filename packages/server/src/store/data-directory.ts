import { chmod, lstat, mkdir, open, readlink, realpath, rmdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';

import { Folder, type FolderAccess, type FolderRoot } from './folder.js';
import { emptyFolder } from './remove-tree.js';
import { StoreError } from './store-error.js';
import { asStoreError } from './system-errors.js';
import { branches } from './tree.js';

/** Where the store keeps what nobody shall see. */
const ownFolder = '.e2eeftp';

/** Where a store's files are on the disk. */
export interface DataDirectory {
  readonly root: FolderRoot;
  /** What is being uploaded. */
  readonly uploads: string;
  /** Folders that were deleted, until all that was in them is removed. */
  readonly trash: string;
}

/**
 * Makes a data directory's folders where they are missing, and removes what an earlier process
 * left unfinished.
 *
 * @param directory - its path
 * @param access - how to reach its folders; by default by descriptors where the system has them
 * @returns where everything is
 * @throws StoreError `io` when it cannot be used as it is
 */
export async function openDataDirectory(
  directory: string,
  access: FolderAccess | undefined,
): Promise<DataDirectory> {
  try {
    await mkdir(directory, { recursive: true });
    const path = await realpath(directory);
    const stats = await lstat(path, { bigint: true });
    const root = { path, stats, access: access ?? (await detectAccess(path)) };
    await makeFolder(root, [ownFolder], 0o700);
    await chmod(join(path, ownFolder), 0o700);
    const data = {
      root,
      uploads: join(path, ownFolder, 'uploads'),
      trash: join(path, ownFolder, 'trash'),
    };
    await makeFolder(root, [ownFolder, 'uploads'], 0o700);
    await makeFolder(root, [ownFolder, 'trash'], 0o700);
    for (const branch of branches) await makeFolder(root, [branch]);
    await emptyPath(root, [ownFolder, 'uploads']);
    await emptyPath(root, [ownFolder, 'trash']);
    return data;
  } catch (error) {
    throw asStoreError('Cannot use the data directory', error);
  }
}

/**
 * @param data - a data directory
 * @returns bytes that may still be written there
 */
export async function freeSpace(data: DataDirectory): Promise<number> {
  const { bavail, bsize } = await statfs(data.uploads);
  return bavail * bsize;
}

/**
 * Removes a deleted folder. What cannot be removed now is removed when the directory is next
 * opened: the deletion itself has happened.
 *
 * @param data - a data directory
 * @param name - the folder's name in the trash; nothing need be there
 */
export async function emptyTrash({ root }: DataDirectory, name: string): Promise<void> {
  await emptyPath(root, [ownFolder, 'trash', name]).catch(() => undefined);
  await rmdir(join(root.path, ownFolder, 'trash', name)).catch(() => undefined);
}

async function detectAccess(path: string): Promise<FolderAccess> {
  const handle = await open(path).catch(() => undefined);
  try {
    const seen = await readlink(`/proc/self/fd/${handle?.fd ?? ''}`).catch(() => undefined);
    return seen === path ? 'descriptors' : 'names';
  } finally {
    await handle?.close();
  }
}

async function makeFolder(root: FolderRoot, components: string[], mode?: number): Promise<void> {
  const path = join(root.path, ...components);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const stats = await lstat(path, { bigint: true }).catch(() => undefined);
    if (stats?.isDirectory() !== true) throw unusable(path, 'is no folder', error);
    // Files are moved from one of these folders to another, which works within a file system only.
    if (stats.dev !== root.stats.dev) throw unusable(path, 'is on another file system', error);
  }
}

function unusable(path: string, why: string, cause: unknown): StoreError {
  const advice = 'make it a folder of the data directory itself, not a link or a mount point';
  return new StoreError('io', `${path} ${why}: ${advice}`, { cause });
}

async function emptyPath(root: FolderRoot, components: string[]): Promise<void> {
  const folder = await Folder.open(root, components);
  try {
    await emptyFolder(folder);
  } finally {
    await folder.close();
  }
}
