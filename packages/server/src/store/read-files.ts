import type { SmallFiles } from '@e2eeftp/file-io';
import { baseName, parentPath, type RemotePath } from '@e2eeftp/protocol';

import { readFile } from './file-reader.js';
import type { Folder } from './folder.js';
import { StoreError } from './store-error.js';
import type { ReadFilesLimits, WholeFile } from './store.js';
import type { TreeFolders } from './tree-folders.js';
import { requireInTree } from './tree.js';

/** Files that are read before it is known how many bytes they have together. */
const filesAtOnce = 64;

/**
 * Reads small files of a tree whole.
 *
 * @param tree - where they are
 * @param smallFiles - reads them
 * @param paths - which
 * @param limits - how much may be read at once
 * @returns what became of each
 */
export async function readFiles(
  tree: TreeFolders,
  smallFiles: SmallFiles,
  paths: readonly RemotePath[],
  { fileSize, total }: ReadFilesLimits,
): Promise<PromiseSettledResult<WholeFile>[]> {
  const files: PromiseSettledResult<WholeFile>[] = [];
  let left = total;
  for (let start = 0; start < paths.length; start += filesAtOnce) {
    const some = paths.slice(start, start + filesAtOnce);
    const limit = Math.min(fileSize, left);
    for (const result of await readSome(tree, smallFiles, some, limit)) {
      const size = result.status === 'fulfilled' ? result.value.bytes.length : 0;
      if (size <= left) files.push(result);
      else files.push({ status: 'rejected', reason: noMore() });
      if (size <= left) left -= size;
    }
  }
  return files;
}

async function readSome(
  tree: TreeFolders,
  smallFiles: SmallFiles,
  paths: readonly RemotePath[],
  limit: number,
): Promise<PromiseSettledResult<WholeFile>[]> {
  const folders = new Map<RemotePath, Promise<Folder>>();
  const folderOf = (path: RemotePath): Promise<Folder> => {
    const parent = parentPath(path);
    const folder = folders.get(parent) ?? tree.open(parent);
    folders.set(parent, folder);
    return folder;
  };
  const readOne = async (path: RemotePath): Promise<WholeFile> => {
    requireInTree(path);
    if (path === '') throw new StoreError('not-found', 'The root is no file');
    return readFile(await folderOf(path), baseName(path), smallFiles, limit);
  };
  try {
    return await Promise.allSettled(paths.map(readOne));
  } finally {
    for (const folder of await Promise.allSettled(folders.values())) {
      if (folder.status === 'fulfilled') folder.value.close();
    }
  }
}

function noMore(): StoreError {
  return new StoreError('too-large', 'The file is too large to be read with the others');
}
