import { constants } from 'node:fs';

import type { SmallFiles } from '@e2eeftp/file-io';

import { changedError, noFileError } from './local-file-errors.js';
import { smallFile } from './size-limits.js';
import { versionOf } from './source-version.js';
import { oneChunk, type OpenSource } from './source.js';

/**
 * Reads a small file whole.
 *
 * @param path - where it is
 * @param smallFiles - reads it
 * @returns it, ready to be sent; nothing when it is too large for that
 * @throws ClientError `local-file` when it is no file, or the system's error
 */
export async function openSmallFile(
  path: string,
  smallFiles: SmallFiles,
): Promise<OpenSource | undefined> {
  // Without O_NONBLOCK, a pipe that nobody writes to would keep the thread waiting.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const { facts, bytes, factsAfter } = await smallFiles.read(path, flags, smallFile);
  if (!facts.isFile()) throw noFileError(path, facts);
  if (!bytes || !factsAfter) return undefined;
  const version = versionOf(facts);
  // A file that changes while it is read is no version of the file that ever was.
  if (versionOf(factsAfter).name !== version.name) throw changedError(path);
  return {
    size: bytes.length,
    mtime: Math.round(Number(facts.mtimeNs) / 1e6),
    isRepeatable: true,
    version,
    read: (offset) => oneChunk(bytes.subarray(offset)),
    close: () => Promise.resolve(),
  };
}
