import { mkdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { UsageError } from './failure.js';

/** What stands for standard input or output. */
export const standardStream = '-';

/** What a local path leads to, symbolic links followed. */
export type LocalKind = 'directory' | 'file' | 'stream' | 'nothing';

/**
 * @param path - a local path, or `-`
 * @returns what is there; `stream` for whatever can only be read from its beginning to its end
 */
export async function localKind(path: string): Promise<LocalKind> {
  if (path === standardStream) return 'stream';
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return 'nothing';
  if (stats.isDirectory()) return 'directory';
  return stats.isFile() ? 'file' : 'stream';
}

/**
 * @param path - a local path
 * @returns the name that it has in its folder; of `.`, the name of the working folder
 * @throws UsageError when it has none
 */
export function ownName(path: string): string {
  if (path === standardStream) {
    throw new UsageError(
      'Standard input has no name; say as what it is to be sent, such as: send - notes.txt',
    );
  }
  const name = basename(resolve(path));
  if (name === '') throw new UsageError(`${path} has no name; say as what it is to be sent`);
  return name;
}

/**
 * Says under which path something is received, as for `cp`: into LOCAL if that is a folder or ends
 * in `/`, in which case it is made, and otherwise under exactly that path.
 *
 * @param name - the name of what is received
 * @param local - LOCAL, as the user gave it
 * @returns the path
 */
export async function localTarget(name: string, local: string): Promise<string> {
  if (local.endsWith('/')) await mkdir(local, { recursive: true });
  const isInto = (await localKind(local)) === 'directory';
  return isInto ? join(local, name) : local;
}
