import { dirname } from 'node:path';

import { joinPath, parentPath, parsePath, type Entry, type RemotePath } from '@e2eeftp/protocol';

import type { Client } from '../client.js';
import { asClientError, throwIfAborted } from '../errors.js';
import { exists } from '../transfer/local-file.js';
import { inParallel } from './in-parallel.js';
import { Leftovers, removeLeftovers } from './leftovers.js';
import { forManyListeners } from './many-listeners.js';
import { LocalFolder } from './local-folder.js';
import { SizeAhead } from './size-ahead.js';
import { Tally } from './tally.js';
import { TreeFilter } from './tree-filter.js';
import {
  defaultConcurrency,
  type TreeOptions,
  type TreePlace,
  type TreeResult,
} from './tree-transfer.js';

/** How a tree is received. */
export interface GetTreeOptions extends TreeOptions {
  /** Whether local files get the times of those on the server. */
  readonly preserveTime?: boolean | undefined;
}

/**
 * Receives a folder with all that is in it, empty folders too, into a local folder, which is made.
 * What is beside it stays.
 *
 * Nothing is written outside of the local folder, whatever the server says: names that break the
 * path rules end the transfer, and symbolic links below the local folder are not followed. A file
 * that fails does not stop the others; a lost connection and the signal do.
 *
 * @param client - the client to receive with
 * @param remote - the folder's path in the server's tree; a file can be received in this way, too
 * @param local - the path that it will have
 * @param options - what to do about older files, whom to tell, a signal
 * @returns what became of it; look at `failed`
 * @throws ClientError when nothing more can be received, such as `not-found` for the folder
 *   itself, `disconnected` or `aborted`
 */
export async function getTree(
  client: Client,
  remote: string,
  local: string,
  options: GetTreeOptions = {},
): Promise<TreeResult> {
  try {
    const path = parsePath(remote);
    const filter = new TreeFilter(options);
    const signal = forManyListeners(options.signal);
    const own = { ...options, signal };
    const entry = await client.stat(path, { signal });
    const ahead = options.onProgress && !options.dryRun ? new SizeAhead() : undefined;
    const tally = new Tally(options, ahead && (() => ahead.size));
    if (entry.type === 'file') {
      await ahead?.count(sizes([entry]));
      if (options.dryRun !== true) await removeLeftovers(dirname(local), true);
      await getFile(client, { local, remote }, entry.size, own, tally);
      return tally.result;
    }
    const list = (listSignal: AbortSignal | undefined): AsyncGenerator<Entry, void, void> =>
      meantEntries(client.list(path, { recursive: true, signal: listSignal }), filter);
    const counting = ahead?.count(sizes(list(ahead.signalWith(signal))));
    try {
      const entries = options.dryRun === true ? list(signal) : cleared(list(signal), local);
      await getFolder(client, path, new LocalFolder(local), entries, own, tally);
    } finally {
      ahead?.stop();
      await counting;
    }
    return tally.result;
  } catch (error) {
    throw asClientError(error);
  }
}

/**
 * @param entries - a listing
 * @param filter - what is meant
 * @yields what is meant of it
 */
export async function* meantEntries(
  entries: AsyncIterable<Entry>,
  filter: TreeFilter,
): AsyncGenerator<Entry, void, void> {
  for await (const entry of entries) {
    if (filter.takes(entry.path, entry.type === 'directory')) yield entry;
  }
}

/** Each folder is entered before anything is received into it. */
async function* cleared(
  entries: AsyncIterable<Entry>,
  root: string,
): AsyncGenerator<Entry, void, void> {
  const leftovers = new Leftovers(root);
  await leftovers.enter('');
  for await (const entry of entries) {
    await leftovers.enter(entry.type === 'directory' ? entry.path : parentPath(entry.path));
    yield entry;
  }
}

async function* sizes(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
): AsyncGenerator<number, void, void> {
  for await (const { type, size } of entries) if (type === 'file') yield size;
}

async function getFolder(
  client: Client,
  remote: RemotePath,
  folder: LocalFolder,
  entries: AsyncGenerator<Entry, void, void>,
  options: GetTreeOptions,
  tally: Tally,
): Promise<void> {
  const { concurrency = defaultConcurrency, dryRun = false, signal } = options;
  if (!dryRun) await folder.create();
  await inParallel(entries, concurrency, async ({ type, path, size }) => {
    throwIfAborted(signal);
    const place: { local: string; remote: string } = { local: path, remote: path };
    try {
      place.remote = joinPath(remote, path);
      place.local = folder.locate(path);
      if (!dryRun) await folder.makeFolder(type === 'directory' ? path : parentPath(path));
    } catch (error) {
      await tally.fail(place, asClientError(error));
      return;
    }
    if (type === 'directory') await tally.add({ type, ...place });
    else await getFile(client, place, size, options, tally);
  });
}

async function getFile(
  client: Client,
  place: TreePlace,
  size: number,
  options: GetTreeOptions,
  tally: Tally,
): Promise<void> {
  const { overwrite = 'always', dryRun = false, preserveTime, preserveMode, signal } = options;
  try {
    if (overwrite === 'never' && (await exists(place.local))) {
      await tally.add({ type: 'skipped', ...place, reason: 'exists' });
      return;
    }
    if (dryRun) {
      await tally.add({ type: 'file', ...place, size });
      return;
    }
    const onProgress = tally.meter(place);
    const get = { size, overwrite, preserveTime, preserveMode, signal, onProgress };
    const received = await client.get(place.remote, place.local, get);
    await tally.add({ type: 'file', ...place, size: received.size });
  } catch (error) {
    await tally.fail(place, asClientError(error));
  }
}
