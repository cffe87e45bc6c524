import type { ReadFile, SmallFiles } from '@e2eeftp/file-io';
import { baseName, type RemotePath } from '@e2eeftp/protocol';

import { byFolder } from './by-folder.js';
import { storedFile } from './file-entry.js';
import { shortened } from './file-reader.js';
import type { Folder } from './folder.js';
import { fileFlags } from './open-flags.js';
import { StoreError } from './store-error.js';
import type { ReadFilesLimits, WholeFile } from './store.js';
import { asStoreError } from './system-errors.js';
import type { TreeFolders } from './tree-folders.js';
import { requireInTree } from './tree.js';

/** A file that is wanted, and what is known of it so far. */
interface Wanted {
  readonly path: RemotePath;
  /** Where it is, once that is open. */
  folder?: Folder;
  file?: WholeFile;
  failure?: Error;
}

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
  const all = paths.map((path): Wanted => ({ path }));
  const folders = byFolder(all, ({ path }) => path);
  try {
    for (const [path, inside] of folders) {
      await attempt(inside, () => openFolder(tree, path, inside));
    }
    await readAll(smallFiles, all, limit);
    for (const inside of folders.values()) {
      await attempt(inside, async () => inside[0]?.folder?.verify());
    }
    return all.map(({ file, failure }) =>
      file && !failure
        ? { status: 'fulfilled', value: file }
        : { status: 'rejected', reason: failure },
    );
  } finally {
    for (const [first] of folders.values()) first?.folder?.close();
  }
}

async function openFolder(
  tree: TreeFolders,
  path: RemotePath,
  inside: readonly Wanted[],
): Promise<void> {
  for (const wanted of inside) {
    requireInTree(wanted.path);
    if (wanted.path === '') throw new StoreError('not-found', 'The root is no file');
  }
  const folder = await tree.open(path);
  for (const wanted of inside) wanted.folder = folder;
}

async function readAll(
  smallFiles: SmallFiles,
  all: readonly Wanted[],
  limit: number,
): Promise<void> {
  const places = all.flatMap((wanted) => {
    const { folder, path } = wanted;
    return folder ? [{ wanted, at: folder.at(baseName(path)) }] : [];
  });
  const at = places.map((place) => place.at);
  const found = await smallFiles.read(at, fileFlags, limit);
  for (const [index, { wanted }] of places.entries()) {
    await attempt([wanted], () => {
      wanted.file = wholeFile(found[index]);
    });
  }
}

function wholeFile(found: ReadFile | Error | undefined): WholeFile {
  if (!found || found instanceof Error) throw found ?? shortened();
  const { stats, bytes } = found;
  if (!stats.isFile()) throw new StoreError('not-found', 'There is something else than a file');
  if (!bytes) throw new StoreError('too-large', 'The file is too large to be read at once');
  const file = storedFile(stats);
  if (bytes.length !== file.size) throw shortened();
  return { file, bytes };
}

/** A failure is that of all files of the work. */
async function attempt(files: readonly Wanted[], work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    for (const file of files) file.failure ??= asStoreError('Cannot read a file', error);
  }
}

function noMore(): StoreError {
  return new StoreError('too-large', 'The file is too large to be read with the others');
}
