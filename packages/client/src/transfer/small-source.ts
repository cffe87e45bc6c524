import { constants } from 'node:fs';

import type { SmallFiles } from '@e2eeftp/file-io';
import { limits } from '@e2eeftp/protocol';

import { oneChunk } from './flowing-bytes.js';
import { changedError, noFileError } from './local-file-errors.js';
import type { OpenSource } from './open-source.js';
import { permissionsOf, modifiedAt } from './source-version.js';

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
  const { stats, bytes, hasChanged } = await smallFiles.read(path, flags, limits.batchFileSize);
  if (!stats.isFile()) throw noFileError(path, stats);
  if (!bytes) return undefined;
  // A file that changes while it is read is no version of the file that ever was.
  if (hasChanged) throw changedError(path);
  return {
    size: bytes.length,
    mtime: modifiedAt(stats),
    mode: permissionsOf(stats),
    isRepeatable: true,
    content: bytes,
    read: (offset) => oneChunk(bytes.subarray(offset)),
    close: () => Promise.resolve(),
  };
}
