import { lstat } from 'node:fs/promises';

import type { StoredFile } from '@e2eeftp/protocol';

import { inodeOf, storedFile } from '../file-entry.js';
import type { FolderMaker } from '../folder-maker.js';
import { asStoreError, unlessMissing } from '../system-errors.js';
import type { TreeFolders } from '../tree-folders.js';
import type { UploadState } from './upload-journal.js';

/**
 * Looks whether an upload got its place, though nobody has noted that it did.
 *
 * @param state - what is known of the upload
 * @param tree - where its place is
 * @param folders - makes durable what is found there
 * @returns the file, unless another one or none is in the place
 * @throws StoreError
 */
export function findPlaced(
  { path, inode }: UploadState,
  tree: TreeFolders,
  folders: FolderMaker,
): Promise<StoredFile | undefined> {
  const found = tree.withFolderOf(path, async (folder, name) => {
    try {
      const stats = await lstat(folder.at(name), { bigint: true });
      if (inodeOf(stats) !== inode) return undefined;
      // Who put it there may have died before that was durable.
      await folders.makeDurable(folder);
      return storedFile(stats);
    } catch (error) {
      throw asStoreError('Cannot look at a file', error);
    }
  });
  return unlessMissing(found);
}
