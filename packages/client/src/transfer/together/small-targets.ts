import { unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { SmallFiles } from '@e2eeftp/file-io';

import { asLocalError, type ClientError } from '../../errors.js';
import type { GetTogetherOptions } from '../../options.js';
import { isSystemError } from '../../system-error.js';
import { keptError } from '../local-file-errors.js';
import { partPathFor } from '../part-name.js';

/** A small file that was received. */
export interface SmallTarget {
  /** Where it belongs, a local path. */
  readonly target: string;
  readonly content: Uint8Array;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** Permission bits, when they are known. */
  readonly mode?: number | undefined;
}

/**
 * Writes small files. Each gets its name only when it is durable; until then the older file of that
 * name stays as it is.
 *
 * @param smallFiles - writes them
 * @param files - what, and where to
 * @param options - what to do about older files, and what new ones get of the facts
 * @returns for each why it is not there, if it is not
 * @throws ClientError `local-file` when a folder cannot be made durable
 */
export async function writeSmallTargets(
  smallFiles: SmallFiles,
  files: readonly SmallTarget[],
  { overwrite = 'always', preserveTime = false, preserveMode = false }: GetTogetherOptions,
): Promise<(ClientError | undefined)[]> {
  const failures: (ClientError | undefined)[] = files.map(() => undefined);
  const parts = files.map(({ target }) => partPathFor(target));
  const written = await smallFiles.write(
    files.map(({ content, mtime, mode }, index) => ({
      path: parts[index] ?? '',
      bytes: content,
      mtime: preserveTime ? mtime / 1000 : undefined,
      permissions: preserveMode ? mode : undefined,
    })),
    { flags: 'wx', mode: 0o666, isDurable: true },
  );
  const moves: { index: number; from: string; to: string; replaces: boolean }[] = [];
  for (const [index, { target }] of files.entries()) {
    const result = written[index];
    if (result instanceof Error) failures[index] = asLocalError(result);
    else
      moves.push({ index, from: parts[index] ?? '', to: target, replaces: overwrite === 'always' });
  }
  const placed = await smallFiles.place(moves);
  for (const [position, { index, from, to }] of moves.entries()) {
    const result = placed[position];
    if (!(result instanceof Error)) continue;
    await unlink(from).catch(() => undefined);
    failures[index] = isSystemError(result, 'EEXIST') ? keptError(to) : asLocalError(result);
  }
  const folders = new Set(moves.map(({ to }) => dirname(to)));
  try {
    await Promise.all(Array.from(folders, (folder) => smallFiles.flushFolder(folder)));
  } catch (error) {
    throw asLocalError(error);
  }
  return failures;
}
