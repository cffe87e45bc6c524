import { open, type FileHandle } from 'node:fs/promises';

import type { StoredFile } from '@e2eeftp/protocol';

import { storedFile } from './file-entry.js';
import type { Folder } from './folder.js';
import { fileFlags } from './open-flags.js';
import { StoreError } from './store-error.js';
import { ownerMode } from './store.js';
import { asStoreError } from './system-errors.js';

/**
 * Gives a file other permissions. The caller holds the lock of its path.
 *
 * @param folder - where it is
 * @param name - its name there
 * @param mode - permission bits
 * @param isDurable - whether they are to outlive a crash
 * @returns the file as it is then
 * @throws StoreError `not-found` when there is none: a symbolic link is not followed
 */
export async function changeMode(
  folder: Folder,
  name: string,
  mode: number,
  isDurable: boolean,
): Promise<StoredFile> {
  let handle: FileHandle | undefined;
  try {
    // By its descriptor: a call by its name would change what a symbolic link leads to.
    handle = await open(folder.at(name), fileFlags);
    if (!(await handle.stat()).isFile()) {
      throw new StoreError('not-found', 'There is something else than a file');
    }
    await folder.verify();
    await handle.chmod(mode | ownerMode);
    if (isDurable) await handle.sync();
    return storedFile(await handle.stat({ bigint: true }));
  } catch (error) {
    throw asStoreError('Cannot change the permissions of a file', error);
  } finally {
    await handle?.close().catch(() => undefined);
  }
}
