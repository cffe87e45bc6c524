import type { RemotePath, StoredFile } from '@e2eeftp/protocol';

import { ClientError } from '../errors.js';
import type { GetBytesOptions, RangeOptions } from '../options.js';
import type { FileFinder, FoundFile } from './file-finder.js';
import { readHead } from './file-place.js';
import { readPart, readWhole, type Reading } from './vault-reading.js';

/** Which part of a file is read, and how much it may be. */
export interface PartOptions
  extends
    Pick<RangeOptions, 'offset' | 'length' | 'etag' | 'onProgress'>,
    Pick<GetBytesOptions, 'maxSize'> {
  /** Hears what the file is, before any of it comes; of a part, that is not signed. */
  readonly onOpen?: (file: StoredFile) => void;
}

type Parts = AsyncGenerator<readonly Uint8Array[], unknown, void>;

/** A part of a file that is being read. */
interface OpenPart {
  readonly parts: Parts;
  readonly first: IteratorResult<readonly Uint8Array[], unknown>;
  readonly total: number;
}

/**
 * Reads a file, or a part of it, of which only the chunks are fetched that hold it. Of a whole file the
 * loop throws in the end when its sender did not write it.
 *
 * @param files - finds it
 * @param reading - what to read with
 * @param path - a path in the vault
 * @param options - which part
 * @yields verified content
 * @throws ClientError `bad-range`, `conflict` for another etag, `too-large`; VaultError
 */
export async function* readContent(
  files: FileFinder,
  reading: Reading,
  path: RemotePath,
  options: PartOptions,
): AsyncGenerator<readonly Uint8Array[], void, void> {
  const opened = await files.reading(path, reading.signal, (file) =>
    openPart(reading, path, file, options),
  );
  const { parts, total } = opened;
  let transferred = 0;
  try {
    for (let next = opened.first; next.done !== true; next = await parts.next()) {
      for (const part of next.value) transferred += part.length;
      yield next.value;
      options.onProgress?.({ transferred, total });
    }
  } finally {
    await parts.return(undefined);
  }
}

/** Until something of it has come, another version of the file can take its place. */
async function openPart(
  reading: Reading,
  path: RemotePath,
  { place, etag, size }: FoundFile,
  options: PartOptions,
): Promise<OpenPart> {
  const { offset = 0, length = Infinity, maxSize = Infinity } = options;
  if (options.etag !== undefined && options.etag !== etag) {
    throw new ClientError('conflict', `${path} is another version by now; look at it again`);
  }
  if (offset > size) {
    throw new ClientError('bad-range', `${path} has ${size} bytes, and none at ${offset}`);
  }
  const total = Math.min(length, size - offset);
  if (total > maxSize) {
    const message = `${path} has ${total} bytes to read, and ${maxSize} are allowed`;
    throw new ClientError('too-large', message);
  }
  const isWhole = total === size;
  const { client, vault, signal } = reading;
  const isAsked = !isWhole || options.onOpen !== undefined;
  const head = isAsked ? await readHead(client, vault, place, signal) : undefined;
  if (head) options.onOpen?.({ size, etag, mtime: head.metadata.mtime, mode: head.metadata.mode });
  const parts: Parts =
    head && !isWhole
      ? readPart(reading, place.path, head, { offset, length: total })
      : readWhole(reading, place, head && { head, leaves: [] });
  return { parts, total, first: await parts.next() };
}
