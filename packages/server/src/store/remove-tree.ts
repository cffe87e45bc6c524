import { readdir, rmdir, unlink } from 'node:fs/promises';

import type { Folder } from './folder.js';
import { systemCodeOf, unlessMissing } from './system-errors.js';

/**
 * Removes all that is in a folder. Symbolic links are removed, never followed: each folder is
 * opened, then emptied through its descriptor, so that nobody can put a link in its place between
 * a look at it and the removal of what is in it.
 *
 * @param folder - the folder, which itself stays
 * @throws what kept something from being removed, after all else is
 */
export async function emptyFolder(folder: Folder): Promise<void> {
  const failures: unknown[] = [];
  for (const name of await readdir(folder.base, { encoding: 'buffer' })) {
    await removeEntry(folder, name).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function removeEntry(folder: Folder, name: Buffer): Promise<void> {
  const inner = await unlessMissing(folder.openFolder(name));
  if (!inner) {
    await ifThere(unlink(folder.atBytes(name)));
    return;
  }
  try {
    await emptyFolder(inner);
  } finally {
    inner.close();
  }
  await ifThere(rmdir(folder.atBytes(name)));
}

async function ifThere(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
