import { constants } from 'node:fs';

import type { ReadFile, SmallFiles } from '@e2eeftp/file-io';
import { limits } from '@e2eeftp/protocol';

import { asLocalError, type ClientError } from '../../errors.js';
import { changedError, noFileError } from '../local-file-errors.js';
import { modifiedAt, permissionsOf } from '../source-version.js';

/** A small file, or bytes, in memory. */
export interface SmallSource {
  readonly content: Uint8Array;
  /** Milliseconds since 1970, for files. */
  readonly mtime?: number | undefined;
  /** Permission bits, for files of systems that have them. */
  readonly mode?: number | undefined;
}

// Without O_NONBLOCK, a pipe that nobody writes to would keep the thread waiting.
const sourceFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * @param smallFiles - reads local files
 * @param sources - local paths, or bytes
 * @returns what each is, or why it is none; nothing for what is too large to be moved with others
 */
export async function readSmallSources(
  smallFiles: SmallFiles,
  sources: readonly (string | Uint8Array)[],
): Promise<(SmallSource | ClientError | undefined)[]> {
  const paths = sources.filter((source) => typeof source === 'string');
  const found = await smallFiles.read(paths, sourceFlags, limits.batchFileSize);
  let next = 0;
  return sources.map((source) => {
    if (typeof source === 'string') return smallFile(source, found[next++]);
    return source.length <= limits.batchFileSize ? { content: source } : undefined;
  });
}

function smallFile(
  path: string,
  found: ReadFile | Error | undefined,
): SmallSource | ClientError | undefined {
  if (!found || found instanceof Error) return asLocalError(found);
  const { stats, bytes, hasChanged } = found;
  if (!stats.isFile()) return noFileError(path, stats);
  if (!bytes) return undefined;
  // A file that changes while it is read is no version of the file that ever was.
  if (hasChanged) return changedError(path);
  return { content: bytes, mtime: modifiedAt(stats), mode: permissionsOf(stats) };
}
