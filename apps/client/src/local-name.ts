import { stat } from 'node:fs/promises';
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

/** Paths that can only mean a folder into which something goes: `x/`, `.`, `..` and the like. */
const isFolderName = /(?:^|[/\\])\.{0,2}$/u;

/**
 * Says under which path something is received. A file goes into LOCAL if that is a folder. A folder
 * becomes LOCAL, also when that exists, so that the same command again goes on with it; only a path
 * that ends in `/`, `.` or `..` takes it in.
 *
 * @param name - the name of what is received
 * @param local - LOCAL, as the user gave it
 * @param isFolder - says whether it is a folder
 * @returns the path
 */
export async function localTarget(
  name: string,
  local: string,
  isFolder: () => Promise<boolean>,
): Promise<string> {
  if (isFolderName.test(local)) return join(local, name);
  const isInto = (await localKind(local)) === 'directory' && !(await isFolder());
  return isInto ? join(local, name) : local;
}
