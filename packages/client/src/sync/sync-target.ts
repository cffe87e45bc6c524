import { lstat, rmdir, unlink } from 'node:fs/promises';

import { joinPath, parentPath, type RemotePath } from '@e2eeftp/protocol';

import { ClientError } from '../errors.js';
import type { RemoteTree } from '../remote-tree.js';
import { isSystemError } from '../system-error.js';
import { LocalFolder } from '../tree/local-folder.js';
import { detailsOf } from '../tree/local-walk.js';
import { downloads, uploads, type Moves } from '../tree/transfer-ways.js';
import type { TreePlace } from '../tree/tree-transfer.js';
import { setLocalPermissions } from './permissions.js';
import type { Removal } from './removal-plan.js';
import type { SyncOptions } from './sync-options.js';

/** The side that is made equal to the other one. */
export interface SyncTarget {
  /** Makes the folder of the whole tree. */
  create(): Promise<void>;
  /** @returns where something is on both sides */
  locate(path: string): TreePlace;
  /** Makes a folder, with those above it. */
  makeFolder(path: string): Promise<void>;
  /** Makes sure of the folder that a file belongs into, where its transfer does not. */
  prepare(path: string): Promise<void>;
  /** How files come here. */
  readonly moves: Moves;
  /** Gives a file other permissions. */
  setMode(path: string, mode: number): Promise<void>;
  /**
   * Removes a file, or a folder that is empty.
   *
   * @param removal - what
   * @returns whether it did; not when there is a reason to keep it, after all
   */
  remove(removal: Removal): Promise<boolean>;
}

/** Where the two trees are. */
export interface SyncRoots {
  readonly local: string;
  readonly remote: RemotePath;
}

/**
 * @param tree - the files on the server
 * @param roots - where the two trees are
 * @param options - how files are sent
 * @returns the server's side as the target
 */
export function remoteTarget(
  tree: RemoteTree,
  roots: SyncRoots,
  { preserveMode, signal }: SyncOptions,
): SyncTarget {
  const folder = new LocalFolder(roots.local);
  const locate = placesIn(folder, roots.remote);
  const since = performance.now();
  return {
    create: () => tree.mkdir(roots.remote, { signal, since }),
    locate,
    makeFolder: (path) => tree.mkdir(locate(path).remote, { signal, since }),
    prepare: () => Promise.resolve(),
    moves: uploads(tree, { preserveMode, signal, since }),
    async setMode(path, mode) {
      await tree.chmod(locate(path).remote, mode, { signal });
    },
    async remove(removal) {
      const { local, remote } = locate(removal.path);
      if (await isWanted(local, removal)) return false;
      return removedRemotely(tree, remote, removal, signal);
    },
  };
}

/**
 * @param tree - the files on the server
 * @param roots - where the two trees are
 * @param options - how files are received
 * @returns this side as the target
 */
export function localTarget(
  tree: RemoteTree,
  roots: SyncRoots,
  { preserveMode, signal }: SyncOptions,
): SyncTarget {
  const folder = new LocalFolder(roots.local);
  const locate = placesIn(folder, roots.remote);
  return {
    create: () => folder.create(),
    locate,
    makeFolder: (path) => folder.makeFolder(path as RemotePath),
    prepare: (path) => folder.makeFolder(parentPath(path as RemotePath)),
    moves: downloads(tree, { preserveTime: true, preserveMode, signal }),
    setMode: (path, mode) => setLocalPermissions(locate(path).local, mode),
    remove: (removal) => removedLocally(folder.locate(removal.path as RemotePath), removal),
  };
}

function placesIn(folder: LocalFolder, remote: RemotePath): (path: string) => TreePlace {
  return (path) => ({
    local: folder.locate(path as RemotePath),
    remote: joinPath(remote, path),
  });
}

/** What has come to the source since the removal was decided was meant to be there. */
async function isWanted(local: string, { type, isInTheWay }: Removal): Promise<boolean> {
  try {
    const isFolder = (await lstat(local)).isDirectory();
    return !isInTheWay || isFolder === (type === 'directory');
  } catch (error) {
    return !isSystemError(error, 'ENOENT') && !isSystemError(error, 'ENOTDIR');
  }
}

async function removedRemotely(
  tree: RemoteTree,
  path: string,
  { etag }: Removal,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await tree.remove(path, { etag, signal });
    return true;
  } catch (error) {
    // A file may be another one by now, and a folder may hold what was left out on purpose.
    const codes: readonly string[] = ['conflict', 'not-found'];
    if (error instanceof ClientError && codes.includes(error.code)) return false;
    throw error;
  }
}

async function removedLocally(path: string, { type, size, mtime }: Removal): Promise<boolean> {
  try {
    const stats = await lstat(path, { bigint: true });
    if (type === 'directory') {
      if (!stats.isDirectory()) return false;
      await rmdir(path);
      return true;
    }
    const now = detailsOf(stats);
    // It is not what it was: somebody, or the transfer before, has put something else there.
    if (!stats.isFile() || now.size !== size || now.mtime !== mtime) return false;
    await unlink(path);
    return true;
  } catch (error) {
    const codes = ['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'] as const;
    if (codes.some((code) => isSystemError(error, code))) return false;
    throw error;
  }
}
