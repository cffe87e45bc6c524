import { stat } from 'node:fs/promises';

import { parsePath, type Entry, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, ClientError } from '../errors.js';
import type { RemoteTree } from '../remote-tree.js';
import { isSystemError } from '../system-error.js';
import { isPartName } from '../transfer/part-name.js';
import { meantEntries } from '../tree/get-tree.js';
import { removeLeftover } from '../tree/leftovers.js';
import { spelledApart, spellingsIn } from '../tree/local-spellings.js';
import { walkLocal, type LocalItem } from '../tree/local-walk.js';
import { forManyListeners } from '../tree/many-listeners.js';
import { TreeFilter } from '../tree/tree-filter.js';
import type { SyncOptions, SyncResult, SyncUpOptions } from './sync-options.js';
import { SyncRun } from './sync-run.js';
import { localTarget, remoteTarget, type SyncRoots } from './sync-target.js';
import { treeChanges, type SyncDirection, type TreeChange } from './tree-changes.js';
import { treePairs } from './tree-pairs.js';

/**
 * Makes a folder on the server equal to a local one: sends what is missing there, or has another
 * size or time. What only the server has stays, unless the options say otherwise.
 *
 * Removals are decided as a whole before anything is changed, and made after everything was sent; none
 * is when something of the source could not be read or sent. What the patterns leave out, and
 * symbolic links, are neither sent nor removed. Both trees are walked at the same time, in their
 * order, so that their size does not matter.
 *
 * @param tree - the files on the server
 * @param local - the local folder
 * @param remote - the folder in the server's tree; it is made
 * @param options - how to compare, whether to remove, whom to tell, a signal
 * @returns what became of it; look at `failed`
 * @throws ClientError `too-many-removals` when more than half of what the server has would be
 *   removed; nothing has changed then. Others when nothing more can be done
 */
export async function syncUp(
  tree: RemoteTree,
  local: string,
  remote: string,
  options: SyncUpOptions = {},
): Promise<SyncResult> {
  return sync(tree, 'up', local, remote, options);
}

/**
 * Makes a local folder equal to one on the server, in the same way as {@link syncUp} does the
 * opposite. Received files get the times that they have there, by which they are known to be equal
 * the next time. Nothing is written outside of the local folder, whatever the server says.
 *
 * @param tree - the files on the server
 * @param remote - the folder in the server's tree
 * @param local - the local folder; it is made
 * @param options - how to compare, whether to remove, whom to tell, a signal
 * @returns what became of it; look at `failed`
 * @throws ClientError as {@link syncUp} does
 */
export async function syncDown(
  tree: RemoteTree,
  remote: string,
  local: string,
  options: SyncOptions = {},
): Promise<SyncResult> {
  return sync(tree, 'down', local, remote, options);
}

async function sync(
  tree: RemoteTree,
  direction: SyncDirection,
  local: string,
  remote: string,
  given: SyncUpOptions,
): Promise<SyncResult> {
  try {
    const options = { ...given, signal: forManyListeners(given.signal) };
    const filter = new TreeFilter(options);
    const roots = { local, remote: parsePath(remote) };
    const hasLocal = await isLocalFolder(local, direction === 'up');
    const hasRemote = await isRemoteFolder(tree, roots.remote, direction === 'down', options);
    if (options.checksum) tree.requireComparison();
    const changes = (signal: AbortSignal | undefined): ReturnType<typeof treeChanges> => {
      const links = direction === 'up' ? (options.links ?? 'skip') : 'skip';
      const walk = { filter, links, details: true, signal };
      const clears = direction === 'down' && options.dryRun !== true;
      const locals = hasLocal ? ownEntries(roots, walk, clears) : nothing<LocalItem>();
      const listing = { recursive: true, signal };
      const remotes = hasRemote
        ? meantEntries(tree.list(roots.remote, listing), filter)
        : nothing<Entry>();
      const all = treeChanges(treePairs(locals, remotes), direction);
      return direction === 'up' || options.dryRun === true ? all : fitting(all, local);
    };
    const target = (direction === 'up' ? remoteTarget : localTarget)(tree, roots, options);
    return await new SyncRun({ tree, direction, roots, target, options, changes }).run();
  } catch (error) {
    throw asClientError(error);
  }
}

/** What would take the place of something else here does not come. */
async function* fitting(
  changes: AsyncIterable<TreeChange>,
  local: string,
): AsyncGenerator<TreeChange, void, void> {
  const spellings = await spellingsIn(local);
  const apart = spelledApart(changes, spellings, (change) => 'source' in change);
  for await (const { item, collision } of apart) {
    yield collision ? { type: 'failed', path: item.path, error: collision } : item;
  }
}

/** What is left of downloads is not a part of the tree. */
async function* ownEntries(
  { local, remote }: SyncRoots,
  options: Parameters<typeof walkLocal>[2],
  clears: boolean,
): AsyncGenerator<LocalItem, void, void> {
  for await (const items of walkLocal(local, remote, options)) {
    for (const item of items) {
      if (!isPartName(item.local)) yield item;
      else if (clears) await removeLeftover(item.local);
    }
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- nothing has to be awaited for nothing
async function* nothing<Item>(): AsyncGenerator<Item, void, void> {
  yield* [];
}

async function isLocalFolder(path: string, isNeeded: boolean): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
    throw new ClientError('local-file', `${path} is no folder, and only folders can be compared`);
  } catch (error) {
    if (!isNeeded && isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

async function isRemoteFolder(
  tree: RemoteTree,
  path: RemotePath,
  isNeeded: boolean,
  { signal }: SyncOptions,
): Promise<boolean> {
  try {
    if ((await tree.stat(path, { signal })).type === 'directory') return true;
    throw new ClientError('conflict', `${path} is no folder, and only folders can be compared`);
  } catch (error) {
    const isMissing = error instanceof ClientError && error.code === 'not-found';
    if (!isNeeded && isMissing) return false;
    throw error;
  }
}
