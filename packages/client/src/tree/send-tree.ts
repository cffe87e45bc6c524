import { parsePath, type RemotePath } from '@e2eeftp/protocol';

import type { Client } from '../client.js';
import { asClientError, throwIfAborted, type ClientError } from '../errors.js';
import { inParallel } from './in-parallel.js';
import { forManyListeners } from './many-listeners.js';
import { localEntries, type LocalEntry } from './local-entries.js';
import { Tally } from './tally.js';
import { defaultConcurrency, type TreeOptions, type TreeResult } from './tree-transfer.js';

/** A local file or folder, and where it belongs on the server. */
export interface TreeSource {
  /** Its path; a symbolic link is followed here, and nowhere below. */
  readonly local: string;
  /** The path that it will have in the server's tree. */
  readonly remote: string;
}

/**
 * Sends a folder with all that is in it, hidden files and empty folders too, into a folder on the
 * server, which is made. What the server has beside it stays.
 *
 * Symbolic links below the folder are skipped, and so is what is neither file nor folder. A file
 * that fails does not stop the others; a lost connection and the signal do.
 *
 * @param client - the client to send with
 * @param local - the folder's path; a file can be sent in this way, too
 * @param remote - the path that the folder will have in the server's tree
 * @param options - what to do about older files, whom to tell, a signal
 * @returns what became of it; look at `failed`
 * @throws ClientError when nothing more can be sent, such as `disconnected` or `aborted`
 */
export function sendTree(
  client: Client,
  local: string,
  remote: string,
  options: TreeOptions = {},
): Promise<TreeResult> {
  return sendTrees(client, [{ local, remote }], options);
}

/**
 * Sends several files and folders, as {@link sendTree} sends one.
 *
 * @param client - the client to send with
 * @param sources - what to send, and where to
 * @param options - what to do about older files, whom to tell, a signal
 * @returns what became of all of them; look at `failed`
 * @throws ClientError when nothing more can be sent
 */
export async function sendTrees(
  client: Client,
  sources: Iterable<TreeSource>,
  options: TreeOptions = {},
): Promise<TreeResult> {
  const { concurrency = defaultConcurrency } = options;
  const signal = forManyListeners(options.signal);
  const tally = new Tally(options);
  await inParallel(allEntries(sources), concurrency, async (entry) => {
    throwIfAborted(signal);
    await sendEntry(client, entry, { ...options, signal }, tally);
  });
  return tally.result;
}

async function* allEntries(sources: Iterable<TreeSource>): AsyncGenerator<LocalEntry, void, void> {
  for (const { local, remote } of sources) {
    let path: RemotePath;
    try {
      path = parsePath(remote);
    } catch (error) {
      yield { type: 'failed', local, remote, error: asClientError(error) };
      continue;
    }
    yield* localEntries(local, path);
  }
}

async function sendEntry(
  client: Client,
  entry: LocalEntry,
  options: TreeOptions,
  tally: Tally,
): Promise<void> {
  const { overwrite = 'always', signal } = options;
  if (entry.type === 'skipped' || entry.type === 'failed') return tally.add(entry);
  const { type, ...place } = entry;
  const { local, remote } = place;
  try {
    if (type === 'directory') {
      await client.mkdir(remote, { signal });
      await tally.add({ type, ...place });
    } else {
      const onProgress = tally.meter(place);
      const { size } = await client.send(local, remote, { overwrite, signal, onProgress });
      await tally.add({ type, ...place, size });
    }
  } catch (error) {
    const failure = asClientError(error);
    if (overwrite === 'never' && (await isKept(client, remote, failure, signal))) {
      await tally.add({ type: 'skipped', ...place, reason: 'exists' });
    } else {
      await tally.fail(place, failure);
    }
  }
}

/** A conflict can also mean that a folder is in the place, or a file where a folder should be. */
async function isKept(
  client: Client,
  remote: RemotePath,
  { code }: ClientError,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (code !== 'conflict') return false;
  try {
    return (await client.stat(remote, { signal })).type === 'file';
  } catch {
    return false;
  }
}
