import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { isOrphan } from '../transfer/part-name.js';
import { worthResuming } from '../transfer/size-limits.js';

/** A folder on the way to where the walk is. */
interface Level {
  readonly name: string;
  /** Nothing is looked for where there is no folder, nor behind a symbolic link. */
  readonly isFolder: boolean;
}

/**
 * Removes what is left of downloads that were killed, from each folder that a walk enters. A walk in
 * the order of the paths comes to each folder once, so that the way to it is all there is to know.
 */
export class Leftovers {
  readonly #root: string;
  #way: readonly Level[] = [];

  /** @param root - a local folder, where the walk begins */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Removes what is left in a folder, and in those on the way to it, unless the walk was there.
   *
   * @param folder - its path below the root, its parts joined by `/`; empty for the root itself
   */
  async enter(folder: string): Promise<void> {
    const names = folder === '' ? [''] : ['', ...folder.split('/')];
    const isElsewhere = ({ name }: Level, index: number): boolean => name !== names[index];
    const shared = this.#way.findIndex(isElsewhere);
    const way = this.#way.slice(0, shared < 0 ? undefined : shared);
    for (const name of names.slice(way.length)) {
      const path = join(this.#root, ...names.slice(1, way.length + 1));
      const isReached = way.at(-1)?.isFolder !== false;
      way.push({ name, isFolder: isReached && (await removeLeftovers(path, name === '')) });
    }
    this.#way = way;
  }
}

/**
 * Removes what is left of killed downloads. It never fails: what cannot be removed stays.
 *
 * @param folder - a local folder
 * @param isFollowed - whether it may be a symbolic link to one
 * @returns whether it is a folder
 */
export async function removeLeftovers(folder: string, isFollowed: boolean): Promise<boolean> {
  try {
    if (!isFollowed && !(await lstat(folder)).isDirectory()) return false;
    for await (const { name } of await opendir(folder, { bufferSize: 256 })) {
      await removeLeftover(join(folder, name));
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes a part of a file that nobody works on any more, if it is too small to be gone on with. It
 * never fails: what cannot be removed stays.
 *
 * @param path - a part
 */
export async function removeLeftover(path: string): Promise<void> {
  if (!isOrphan(path)) return;
  try {
    const stats = await lstat(path);
    if (stats.isFile() && stats.size < worthResuming) await unlink(path);
  } catch {
    // Whoever else has come here was faster, or it is not ours to remove.
  }
}
