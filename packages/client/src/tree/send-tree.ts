import { parsePath, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, throwIfAborted, type ClientError } from '../errors.js';
import type { RemoteTree } from '../remote-tree.js';
import { FileTransfers, runsAtOnce, type TransferWay, type TreeFile } from './file-transfers.js';
import { forManyListeners } from './many-listeners.js';
import { localEntries } from './local-entries.js';
import type { FoundFile, LocalItem, WalkOptions } from './local-walk.js';
import { SizeAhead } from './size-ahead.js';
import { Tally } from './tally.js';
import { inParallel } from './task-pool.js';
import { uploads } from './transfer-ways.js';
import { TreeFilter } from './tree-filter.js';
import {
  defaultConcurrency,
  type LinkPolicy,
  type TreeOptions,
  type TreeOutcome,
  type TreePlace,
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
  const run = new SendRun(tree, { ...options, signal }, tally);
  try {
    await inParallel(allEntries(sources, walk), runsAtOnce(concurrency), async (items) => {
      throwIfAborted(signal);
      await run.send(items);
    });
  } finally {
    ahead?.stop();
    await run.end();
    await counting;
  }
  return tally.result;
}

async function* allEntries(
  sources: Iterable<TreeSource>,
  options: WalkOptions,
): AsyncGenerator<LocalItem[], void, void> {
  for (const { local, remote } of sources) {
    let path: RemotePath;
    try {
      path = parsePath(remote);
    } catch (error) {
      yield [{ type: 'failed', path: '', local, remote, error: asClientError(error) }];
      continue;
    }
    yield* localEntries(local, path, options);
  }
}

async function* sizes(
  pieces: AsyncIterable<readonly LocalItem[]>,
): AsyncGenerator<number, void, void> {
  for await (const items of pieces) {
    for (const item of items) if (item.type === 'file') yield sizeOf(item);
  }
}

function sizeOf({ details }: FoundFile): number {
  return details?.size ?? 0;
}

/** Sends what was found, piece by piece. */
class SendRun {
  readonly #tree: RemoteTree;
  readonly #options: SendTreeOptions;
  readonly #tally: Tally;
  readonly #since = performance.now();
  readonly #transfers: FileTransfers;

  constructor(tree: RemoteTree, options: SendTreeOptions, tally: Tally) {
    const {
      concurrency = defaultConcurrency,
      overwrite = 'always',
      preserveMode,
      signal,
    } = options;
    this.#tree = tree;
    this.#options = options;
    this.#tally = tally;
    const way: TransferWay = {
      ...uploads(tree, { overwrite, preserveMode, signal, since: this.#since }),
      onFailure: (place, error) => this.#fail(place, error),
    };
    this.#transfers = new FileTransfers(way, tally, concurrency);
  }

  async send(items: readonly LocalItem[]): Promise<void> {
    const { dryRun = false } = this.#options;
    const files: TreeFile[] = [];
    for (const item of items) {
      const { type, local, remote } = item;
      const place = { local, remote };
      if (type === 'skipped') await this.#tally.add({ type, ...place, reason: item.reason });
      else if (type === 'failed') await this.#tally.add({ type, ...place, error: item.error });
      else if (type === 'file' && !dryRun) files.push(place);
      else if (type === 'file') {
        await this.#transfers.begin(place, () => this.#announce(place, sizeOf(item)));
      } else await this.#transfers.begin(place, () => this.#makeFolder(place));
    }
    await this.#transfers.transfer(files);
  }

  end(): Promise<void> {
    return this.#transfers.end();
  }

  async #makeFolder(place: TreePlace): Promise<void> {
    const { dryRun = false, signal } = this.#options;
    if (!dryRun) await this.#tree.mkdir(place.remote, { signal, since: this.#since });
    await this.#tally.add({ type: 'directory', ...place });
  }

  async #announce(place: TreePlace, size: number): Promise<void> {
    if (await this.#isKept(place)) await this.#tally.add(kept(place));
    else await this.#tally.add({ type: 'file', ...place, size });
  }

  /** A conflict can also mean that a folder is in the place, or a file where a folder should be. */
  async #fail(place: TreePlace, error: ClientError): Promise<void> {
    const isKept = error.code === 'conflict' && (await this.#isKept(place));
    await (isKept ? this.#tally.add(kept(place)) : this.#tally.fail(place, error));
  }

  async #isKept({ remote }: TreePlace): Promise<boolean> {
    const { overwrite = 'always', signal } = this.#options;
    return overwrite === 'never' && isFile(this.#tree, remote, signal);
  }
}

function kept({ local, remote }: TreePlace): TreeOutcome {
  return { type: 'skipped', local, remote, reason: 'exists' };
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
