import { dirname } from 'node:path';

import { joinPath, parentPath, parsePath, type Entry, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, throwIfAborted } from '../errors.js';
import type { RemoteTree } from '../remote-tree.js';
import { exists } from '../transfer/local-file.js';
import {
  FileTransfers,
  runsAtOnce,
  runsOf,
  type TransferWay,
  type TreeFile,
} from './file-transfers.js';
import { Leftovers, removeLeftovers } from './leftovers.js';
import { forManyListeners } from './many-listeners.js';
import { LocalFolder } from './local-folder.js';
import { spelledApart, spellingsIn } from './local-spellings.js';
import { SizeAhead } from './size-ahead.js';
import { Tally } from './tally.js';
import { inParallel } from './task-pool.js';
import { downloads } from './transfer-ways.js';
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
 * @param tree - the files on the server
 * @param remote - the folder's path in the server's tree; a file can be received in this way, too
 * @param local - the path that it will have
 * @param options - what to do about older files, whom to tell, a signal
 * @returns what became of it; look at `failed`
 * @throws ClientError when nothing more can be received, such as `not-found` for the folder
 *   itself, `disconnected` or `aborted`
 */
export async function getTree(
  tree: RemoteTree,
  remote: string,
  local: string,
  options: GetTreeOptions = {},
): Promise<TreeResult> {
  try {
    const path = parsePath(remote);
    const filter = new TreeFilter(options);
    const signal = forManyListeners(options.signal);
    const own = { ...options, signal };
    const entry = await tree.stat(path, { signal });
    const ahead = options.onProgress && !options.dryRun ? new SizeAhead() : undefined;
    const tally = new Tally(options, ahead && (() => ahead.size));
    if (entry.type === 'file') {
      await ahead?.count(sizes([entry]));
      if (options.dryRun !== true) await removeLeftovers(dirname(local), true);
      const run = new GetRun(tree, own, tally);
      await run.get([{ ...entry, place: { local, remote } }]);
      await run.end();
      return tally.result;
    }
    const list = (listSignal: AbortSignal | undefined): AsyncGenerator<Entry, void, void> =>
      meantEntries(tree.list(path, { recursive: true, signal: listSignal }), filter);
    const counting = ahead?.count(sizes(list(ahead.signalWith(signal))));
    try {
      const entries = options.dryRun === true ? list(signal) : cleared(list(signal), local);
      await getFolder(tree, path, local, entries, own, tally);
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
  tree: RemoteTree,
  remote: RemotePath,
  local: string,
  entries: AsyncIterable<Entry>,
  options: GetTreeOptions,
  tally: Tally,
): Promise<void> {
  const { concurrency = defaultConcurrency, dryRun = false, signal } = options;
  const folder = new LocalFolder(local);
  if (!dryRun) await folder.create();
  const run = new GetRun(tree, options, tally);
  try {
    const spellings = dryRun ? undefined : await spellingsIn(local);
    const apart = spelledApart(entries, spellings);
    await inParallel(runsOf(apart), runsAtOnce(concurrency), async (some) => {
      throwIfAborted(signal);
      const found: FoundEntry[] = [];
      for (const { item, collision } of some) {
        const { type, path, size } = item;
        const place: { local: string; remote: string } = { local: path, remote: path };
        try {
          place.remote = joinPath(remote, path);
          place.local = folder.locate(path);
          if (collision) throw collision;
          if (!dryRun) await folder.makeFolder(type === 'directory' ? path : parentPath(path));
          found.push({ type, size, place });
        } catch (error) {
          await tally.fail(place, asClientError(error));
        }
      }
      await run.get(found);
    });
  } finally {
    await run.end();
  }
}

/** Something on the server that is to be received, into a folder that is there. */
interface FoundEntry extends Pick<Entry, 'type' | 'size'> {
  readonly place: TreePlace;
}

/** Receives what was found, piece by piece. */
class GetRun {
  readonly #options: GetTreeOptions;
  readonly #tally: Tally;
  readonly #transfers: FileTransfers;

  constructor(tree: RemoteTree, options: GetTreeOptions, tally: Tally) {
    const { concurrency = defaultConcurrency } = options;
    const { overwrite, preserveTime, preserveMode, signal } = options;
    this.#options = options;
    this.#tally = tally;
    const way: TransferWay = {
      ...downloads(tree, { overwrite, preserveTime, preserveMode, signal }),
      onFailure: (place, error) => tally.fail(place, error),
    };
    this.#transfers = new FileTransfers(way, tally, concurrency);
  }

  async get(found: readonly FoundEntry[]): Promise<void> {
    const { dryRun = false } = this.#options;
    const files: TreeFile[] = [];
    for (const { type, size, place } of found) {
      try {
        if (type === 'directory') await this.#tally.add({ type, ...place });
        else if (await this.#isKept(place)) {
          await this.#tally.add({ type: 'skipped', ...place, reason: 'exists' });
        } else if (dryRun) await this.#tally.add({ type, ...place, size });
        else files.push({ ...place, size });
      } catch (error) {
        await this.#tally.fail(place, asClientError(error));
      }
    }
    await this.#transfers.transfer(files);
  }

  end(): Promise<void> {
    return this.#transfers.end();
  }

  async #isKept({ local }: TreePlace): Promise<boolean> {
    return this.#options.overwrite === 'never' && exists(local);
  }
}
