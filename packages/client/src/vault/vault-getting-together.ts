import { limits, type StoredFile } from '@e2eeftp/protocol';
import { FileHeadReader, FileOpener } from '@e2eeftp/vault';
import { concatBytes } from '@e2eeftp/crypto';

import { ClientError } from '../errors.js';
import type { GetTogetherOptions } from '../options.js';
import { areEnough, type TogetherOutcome } from '../transfer/together/batch.js';
import type { IncomingFile } from '../transfer/together/batch-requests.js';
import type { ContentOutcome } from '../transfer/together/get-contents.js';
import { keepTogether, type FileToGet } from '../transfer/together/get-together.js';
import type { FoundFile } from './file-finder.js';
import { explained, mayBeOutdated, openingOf, type OpenVault } from './open-vault.js';
import type { DownloadSource } from './vault-download.js';
import { checkedVaultPath } from './vault-places.js';

/** A file that was found, and which of them all it is. */
interface Wanted {
  readonly index: number;
  readonly found: FoundFile;
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
  for (const [position, { index, found }] of wanted.entries()) {
    contents[index] = opened(vault, found, received[position], files[index]?.path ?? '');
  }
  return keepTogether(client.smallFiles, files, contents, options);
}

function opened(
  vault: OpenVault,
  found: FoundFile,
  outcome: ContentOutcome,
  path: string,
): ContentOutcome {
  if (!outcome) return undefined;
  try {
    if (outcome instanceof ClientError) throw outcome;
    return openWhole(vault, found, outcome.content);
  } catch (error) {
    // It may be another file by now, or the members may have changed: whoever gets it alone looks again.
    const isOutdated = error instanceof ClientError && error.code === 'not-found';
    if (isOutdated || mayBeOutdated(error)) return undefined;
    return explained(error, vault, path);
  }
}

/** Opens a file that is in memory, and checks who sent it. */
function openWhole(
  vault: Pick<OpenVault, 'opened'>,
  { place: { entry, storedSize }, etag }: FoundFile,
  bytes: Uint8Array,
): IncomingFile {
  const reader = new FileHeadReader(openingOf(vault), { entry, storedSize });
  const used = reader.receive(bytes);
  const head = reader.finish();
  const opener = new FileOpener(head);
  const parts = [...opener.receive(bytes.subarray(used))];
  opener.finish();
  const [first = new Uint8Array(0)] = parts;
  const content = parts.length <= 1 ? first : concatBytes(...parts);
  const { mtime, mode } = head.metadata;
  const file: StoredFile = { size: content.length, mtime, etag, mode };
  return { file, content };
}
