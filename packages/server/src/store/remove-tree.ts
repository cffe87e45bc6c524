import { readdir, rmdir, unlink } from 'node:fs/promises';

import type { Folder } from './folder.js';
import { systemCodeOf, unlessMissing } from './system-errors.js';

/**
 * Removes all that is in a folder. Symbolic links are removed, never followed: each folder is
 * opened, then emptied through its descriptor, so that nobody can put a link in its place between
 * a look at it and the removal of what is in it.
 *
 * @param folder - the folder, which itself stays
 */
export async function emptyFolder(folder: Folder): Promise<void> {
  for (const name of await readdir(folder.base, { encoding: 'buffer' })) {
    await removeEntry(folder, name);
  }
}

async function removeEntry(folder: Folder, name: Buffer): Promise<void> {
  const inner = await unlessMissing(folder.openFolder(name));
  if (!inner) {
    await ifThere(unlink(folder.at(name)));
    return;
  }
  try {
    await emptyFolder(inner);
  } finally {
    await inner.close();
  }
  await ifThere(rmdir(folder.at(name)));
}

async function ifThere(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
