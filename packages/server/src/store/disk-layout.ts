import { chmod, lstat, mkdir, open, readlink, realpath, rmdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';

import { Folder, type FolderAccess, type FolderRoot } from './folder.js';
import { emptyFolder } from './remove-tree.js';
import { StoreError } from './store-error.js';
import { asStoreError, systemCodeOf } from './system-errors.js';
import { branches } from './tree.js';

/** Where the store keeps what nobody shall see. */
const ownFolder = '.e2eeftp';

/** Bytes from which on it pays to look for room first; a smaller upload fails soon by itself. */
const checkedSize = 1024 * 1024;

/** Where a store's files are on the disk. */
export interface DiskLayout {
  readonly root: FolderRoot;
  /** What is being uploaded, and lost when that ends early. */
  readonly uploads: string;
  /** What is being uploaded, and kept for whoever goes on with it. */
  readonly resumable: string;
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
export async function openDirectory(
  directory: string,
  access: FolderAccess | undefined,
): Promise<DiskLayout> {
  try {
    await mkdir(directory, { recursive: true });
    const disk = await layoutOf(directory, access);
    const { root } = disk;
    await makeFolder(root, [ownFolder], 0o700);
    await chmod(join(root.path, ownFolder), 0o700);
    await makeFolder(root, [ownFolder, 'uploads'], 0o700);
    await makeFolder(root, [ownFolder, 'resumable'], 0o700);
    await makeFolder(root, [ownFolder, 'trash'], 0o700);
    for (const branch of branches) await makeFolder(root, [branch]);
    await inFolder(root, [], (folder) => folder.sync());
    await inFolder(root, [ownFolder, 'uploads'], emptyFolder);
    await emptyTrash(disk);
    return disk;
  } catch (error) {
    throw asStoreError('Cannot use the data directory', error);
  }
}

/**
 * Finds a data directory's folders, which another process has made and goes on using.
 *
 * @param directory - its path
 * @param access - how to reach its folders; by default by descriptors where the system has them
 * @returns where everything is
 * @throws StoreError `io` when it cannot be used as it is
 */
export async function joinDirectory(
  directory: string,
  access: FolderAccess | undefined,
): Promise<DiskLayout> {
  try {
    return await layoutOf(directory, access);
  } catch (error) {
    throw asStoreError('Cannot use the data directory', error);
  }
}

async function layoutOf(directory: string, access: FolderAccess | undefined): Promise<DiskLayout> {
  const path = await realpath(directory);
  const stats = await lstat(path, { bigint: true });
  return {
    root: { path, stats, access: access ?? (await detectAccess(path)) },
    uploads: join(path, ownFolder, 'uploads'),
    resumable: join(path, ownFolder, 'resumable'),
    trash: join(path, ownFolder, 'trash'),
  };
}

/**
 * Refuses early what will not fit.
 *
 * @param disk - where the files are
 * @param size - bytes to be written
 * @throws StoreError `no-space`
 */
export async function requireSpace(disk: DiskLayout, size: number): Promise<void> {
  if (size < checkedSize) return;
  const { bavail, bsize } = await statfs(disk.uploads).catch((error: unknown) => {
    throw asStoreError('Cannot look for room on the disk', error);
  });
  if (bavail * bsize >= size) return;
  throw new StoreError('no-space', 'The disk has less room than the upload needs');
}

/**
 * Removes deleted folders. What cannot be removed now, since somebody protected it or the system
 * is short of something, is removed later: the deletion itself has happened.
 *
 * @param disk - where the files are
 * @param name - one folder's name in the trash; by default all are removed. Nothing need be there
 */
export async function emptyTrash({ root }: DiskLayout, name?: string): Promise<void> {
  const components = [ownFolder, 'trash', ...(name === undefined ? [] : [name])];
  await inFolder(root, components, emptyFolder).catch(() => undefined);
  if (name !== undefined) await rmdir(join(root.path, ...components)).catch(() => undefined);
}

/** A failure that passes must not make a server trust names for as long as it runs. */
async function detectAccess(path: string): Promise<FolderAccess> {
  // Windows opens no folders.
  if (process.platform === 'win32') return 'names';
  const handle = await open(path);
  try {
    const seen = await readlink(`/proc/self/fd/${handle.fd}`);
    return seen === path ? 'descriptors' : 'names';
  } catch (error) {
    if (withoutDescriptors.has(systemCodeOf(error))) return 'names';
    throw error;
  } finally {
    await handle.close();
  }
}

/** What a system says that shows no descriptors as links. */
const withoutDescriptors = new Set(['ENOENT', 'ENOTDIR', 'EINVAL', 'EACCES', 'EPERM']);

async function makeFolder(root: FolderRoot, components: string[], mode?: number): Promise<void> {
  const path = join(root.path, ...components);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    const stats = await lstat(path, { bigint: true });
    if (!stats.isDirectory()) throw unusable(path, 'is no folder', error);
    // Files are moved from one of these folders to another, which works within a file system only.
    if (stats.dev !== root.stats.dev) throw unusable(path, 'is on another file system', error);
  }
}

function unusable(path: string, why: string, cause: unknown): StoreError {
  const advice = 'make it a folder of the data directory itself, not a link or a mount point';
  return new StoreError('io', `${path} ${why}: ${advice}`, { cause });
}

async function inFolder(
  root: FolderRoot,
  components: string[],
  work: (folder: Folder) => Promise<void>,
): Promise<void> {
  const folder = await Folder.open(root, components);
  try {
    await work(folder);
  } finally {
    folder.close();
  }
}
