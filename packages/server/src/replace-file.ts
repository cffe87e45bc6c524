import { open, realpath, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { flushFolder } from './store/folder.js';
import { systemCodeOf } from './store/system-errors.js';

/** What a replaced file is like. */
export interface ReplacementOptions {
  /** Its rights, such as 0o600. */
  readonly mode: number;
  /** Whose it is; by default this process's. Where that may not be set, it stays so. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /**
   * Whether a loss of power after the call finds the new content for sure (the default), or the old
   * one maybe.
   */
  readonly flushesFolder?: boolean;
}

/**
 * Replaces a small file whole: a reader, or a crash, finds the old content or the new one. A
 * symbolic link stays, and what it leads to is replaced.
 *
 * No two calls may replace the same file at once. That lets the new content have a name that is always
 * the same, so that what a crash leaves of it is gone with the next call. Use no library for it that
 * listens to signals: one that does makes SIGXFSZ end the process, which Node ignores.
 *
 * @param path - the file, which need not exist
 * @param content - what will be in it
 * @param options - what it is like
 * @throws the system's error; then the file is as it was, unless only the flushing has failed
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  { mode, owner, flushesFolder = true }: ReplacementOptions,
): Promise<void> {
  const target = await followLinks(path);
  const temporary = `${target}.new`;
  try {
    const handle = await create(temporary);
    try {
      await handle.writeFile(content);
      // Creating it, the system takes rights away that the process's mask says.
      await handle.chmod(mode);
      if (owner) await handle.chown(owner.uid, owner.gid).catch(() => undefined);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  if (flushesFolder) await flushFolder(dirname(target));
}

async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return path;
    throw error;
  }
}

/** Never through a link that somebody has put there to have another file overwritten. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    await unlink(path);
    return open(path, 'wx', 0o600);
  }
}
