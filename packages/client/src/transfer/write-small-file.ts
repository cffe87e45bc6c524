import { unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { SmallFiles } from '@e2eeftp/file-io';

import { isSystemError } from '../system-error.js';
import type { FileFacts, LocalOverwrite } from './local-file.js';
import { keptError } from './local-file-errors.js';
import { partPathFor } from './part-name.js';

/**
 * Writes a small file that was received whole. It gets its name only when it is flushed; until then
 * the older file of that name stays as it is.
 *
 * @param smallFiles - writes it
 * @param path - where the file will be
 * @param bytes - all of it, which must not change meanwhile
 * @param overwrite - what to do about a file that is there already
 * @param facts - what it is to have besides its content
 * @throws ClientError `conflict` when a file is there that may not be replaced; the system's error
 */
export async function writeSmallFile(
  smallFiles: SmallFiles,
  path: string,
  bytes: Uint8Array,
  overwrite: LocalOverwrite,
  { mtime, mode }: FileFacts,
): Promise<void> {
  const from = partPathFor(path);
  await smallFiles.write({
    path: from,
    flags: 'wx',
    mode: 0o666,
    permissions: mode,
    bytes,
    mtime: mtime === undefined ? undefined : mtime / 1000,
    isDurable: true,
  });
  try {
    await smallFiles.place({ from, to: path, replaces: overwrite === 'always' });
  } catch (error) {
    await unlink(from).catch(() => undefined);
    throw isSystemError(error, 'EEXIST') ? keptError(path) : error;
  }
  await smallFiles.flushFolder(dirname(path));
}
