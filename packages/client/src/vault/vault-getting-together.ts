import { limits } from '@e2eeftp/protocol';
import { VaultError } from '@e2eeftp/vault';
import type { FileToOpen, OpenedFile } from '@e2eeftp/vault-threads';

import { ClientError } from '../errors.js';
import type { GetTogetherOptions } from '../options.js';
import { areEnough, type TogetherOutcome } from '../transfer/together/batch.js';
import type { IncomingFile } from '../transfer/together/batch-requests.js';
import type { ContentOutcome } from '../transfer/together/get-contents.js';
import { keepTogether, type FileToGet } from '../transfer/together/get-together.js';
import type { FoundFile } from './file-finder.js';
import { explained, mayBeOutdated, type OpenVault } from './open-vault.js';
import type { DownloadSource } from './vault-download.js';
import { checkedVaultPath } from './vault-places.js';

/** A file that was found, and which of them all it is. */
interface Wanted {
  readonly index: number;
  readonly found: FoundFile;
}

/** A file as the server has it. */
interface Arrived extends Wanted {
  readonly stored: Uint8Array;
}

/**
 * Receives small files of a vault with as few requests as possible. A local file gets its name only
 * when the sender's signature was checked.
 *
 * @param source - what to receive with
 * @param files - which, and where to
 * @param options - how, with the operation's signal
 * @returns what became of each; nothing for those that are to be received by themselves
 * @throws ClientError
 */
export async function getTogether(
  { client, vault, files: finder }: DownloadSource,
  files: readonly FileToGet[],
  options: GetTogetherOptions & { readonly signal: AbortSignal },
): Promise<TogetherOutcome[]> {
  const { signal } = options;
  const contents: ContentOutcome[] = files.map(() => undefined);
  if (!areEnough(files)) return [];
  const wanted: Wanted[] = [];
  for (const [index, { path }] of files.entries()) {
    try {
      const found = await finder.find(checkedVaultPath(path), signal);
      if (found.place.storedSize <= limits.batchFileSize) wanted.push({ index, found });
    } catch (error) {
      contents[index] = explained(error, vault, path);
    }
  }
  const stored = wanted.map(({ found: { place } }) => ({
    path: place.path,
    size: place.storedSize,
  }));
  const received = await client.getContents(stored, { signal });
  const arrived: Arrived[] = [];
  for (const [position, one] of wanted.entries()) {
    const outcome = received[position];
    if (outcome instanceof ClientError) contents[one.index] = failed(outcome, vault, one, files);
    else if (outcome) arrived.push({ ...one, stored: outcome.content });
  }
  const opened = await client.vaultThreads.open(vault, arrived.map(toOpen));
  for (const [position, one] of arrived.entries()) {
    const file = opened[position];
    const isOpened = file && !(file instanceof VaultError);
    contents[one.index] = isOpened ? incoming(one, file) : failed(file, vault, one, files);
  }
  return keepTogether(client.smallFiles, files, contents, options);
}

function toOpen({ found: { place }, stored }: Arrived): FileToOpen {
  return { entry: place.entry, stored };
}

function incoming({ found }: Wanted, { content, metadata }: OpenedFile): IncomingFile {
  const { mtime, mode } = metadata;
  return { file: { size: content.length, mtime, etag: found.etag, mode }, content };
}

/** It may be another file by now, or the members may have changed: whoever gets it alone looks again. */
function failed(
  error: unknown,
  vault: OpenVault,
  { index }: Wanted,
  files: readonly FileToGet[],
): ContentOutcome {
  const isOutdated = error instanceof ClientError && error.code === 'not-found';
  if (isOutdated || mayBeOutdated(error)) return undefined;
  return explained(error, vault, files[index]?.path ?? '');
}
