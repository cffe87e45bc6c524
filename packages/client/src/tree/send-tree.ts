import { parsePath, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, throwIfAborted } from '../errors.js';
import type { RemoteTree } from '../remote-tree.js';
import { inParallel } from './in-parallel.js';
import { forManyListeners } from './many-listeners.js';
import { localEntries } from './local-entries.js';
import type { FoundFile, LocalItem, WalkOptions } from './local-walk.js';
import { SizeAhead } from './size-ahead.js';
import { Tally } from './tally.js';
import { TreeFilter } from './tree-filter.js';
import {
  defaultConcurrency,
  type LinkPolicy,
  type TreeOptions,
  type TreeResult,
} from './tree-transfer.js';

/** A local file or folder, and where it belongs on the server. */
export interface TreeSource {
  /** Its path; a symbolic link is followed here, and nowhere below. */
  readonly local: string;
  /** The path that it will have in the server's tree. */
  readonly remote: string;
}

/** How a tree is sent. */
export interface SendTreeOptions extends TreeOptions {
  /** What to do about symbolic links below the folder; by default they are skipped. */
  readonly links?: LinkPolicy | undefined;
}

/**
 * Sends a folder with all that is in it, hidden files and empty folders too, into a folder on the
 * server, which is made. What the server has beside it stays.
 *
 * What is neither file nor folder is skipped, and so are symbolic links, unless the options say
 * otherwise. A file that fails does not stop the others; a lost connection and the signal do.
 *
 * @param tree - the files on the server
 * @param local - the folder's path; a file can be sent in this way, too
 * @param remote - the path that the folder will have in the server's tree
 * @param options - what to do about older files, whom to tell, a signal
 * @returns what became of it; look at `failed`
 * @throws ClientError when nothing more can be sent, such as `disconnected` or `aborted`
 */
export function sendTree(
  tree: RemoteTree,
  local: string,
  remote: string,
  options: SendTreeOptions = {},
): Promise<TreeResult> {
  return sendTrees(tree, [{ local, remote }], options);
}

/**
 * Sends several files and folders, as {@link sendTree} sends one.
 *
 * @param tree - the files on the server
 * @param sources - what to send, and where to
 * @param options - what to do about older files, whom to tell, a signal
 * @returns what became of all of them; look at `failed`
 * @throws ClientError when nothing more can be sent
 */
export async function sendTrees(
  tree: RemoteTree,
  sources: Iterable<TreeSource>,
  options: SendTreeOptions = {},
): Promise<TreeResult> {
  const { concurrency = defaultConcurrency, dryRun = false, links = 'skip' } = options;
  const signal = forManyListeners(options.signal);
  const walk = { filter: new TreeFilter(options), links, details: dryRun, signal };
  const ahead = options.onProgress && !dryRun ? new SizeAhead() : undefined;
  const tally = new Tally(options, ahead && (() => ahead.size));
  const countedWalk = { ...walk, details: true, signal: ahead?.signalWith(signal) };
  const counting = ahead?.count(sizes(allEntries(sources, countedWalk)));
  try {
    await inParallel(allEntries(sources, walk), concurrency, async (entry) => {
      throwIfAborted(signal);
      await sendEntry(tree, entry, { ...options, signal }, tally);
    });
  } finally {
    ahead?.stop();
    await counting;
  }
  return tally.result;
}

async function* allEntries(
  sources: Iterable<TreeSource>,
  options: WalkOptions,
): AsyncGenerator<LocalItem, void, void> {
  for (const { local, remote } of sources) {
    let path: RemotePath;
    try {
      path = parsePath(remote);
    } catch (error) {
      yield { type: 'failed', path: '', local, remote, error: asClientError(error) };
      continue;
    }
    yield* localEntries(local, path, options);
  }
}

async function* sizes(items: AsyncIterable<LocalItem>): AsyncGenerator<number, void, void> {
  for await (const item of items) if (item.type === 'file') yield sizeOf(item);
}

function sizeOf({ details }: FoundFile): number {
  return details?.size ?? 0;
}

async function sendEntry(
  tree: RemoteTree,
  entry: LocalItem,
  options: SendTreeOptions,
  tally: Tally,
): Promise<void> {
  const { overwrite = 'always', dryRun = false, preserveMode, signal } = options;
  const { type, local, remote } = entry;
  const place = { local, remote };
  if (type === 'skipped') return tally.add({ type, ...place, reason: entry.reason });
  if (type === 'failed') return tally.add({ type, ...place, error: entry.error });
  try {
    if (type === 'directory') {
      if (!dryRun) await tree.mkdir(remote, { signal });
      await tally.add({ type, ...place });
    } else if (dryRun) {
      const isKept = overwrite === 'never' && (await isFile(tree, remote, signal));
      if (isKept) await tally.add({ type: 'skipped', ...place, reason: 'exists' });
      else await tally.add({ type, ...place, size: sizeOf(entry) });
    } else {
      const send = { overwrite, preserveMode, signal, onProgress: tally.meter(place) };
      const { size } = await tree.send(local, remote, send);
      await tally.add({ type, ...place, size });
    }
  } catch (error) {
    const failure = asClientError(error);
    // A conflict can also mean that a folder is in the place, or a file where a folder should be.
    const mayBeKept = overwrite === 'never' && failure.code === 'conflict';
    if (mayBeKept && (await isFile(tree, remote, signal))) {
      await tally.add({ type: 'skipped', ...place, reason: 'exists' });
    } else {
      await tally.fail(place, failure);
    }
  }
}

async function isFile(
  tree: RemoteTree,
  remote: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    return (await tree.stat(remote, { signal })).type === 'file';
  } catch {
    return false;
  }
}
