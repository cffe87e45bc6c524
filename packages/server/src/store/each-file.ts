import type { RemotePath, StoredFile } from '@e2eeftp/protocol';

import { StoreError } from './store-error.js';
import type { NewFile, ReadFilesLimits, Store, StoreFilesOptions, WholeFile } from './store.js';

/**
 * Calls a store for those of several files that it is to have; the others are refused alone.
 *
 * @param items - all of them
 * @param accept - gives what the store is to have for one, or throws why it is to have nothing
 * @param call - asks the store
 * @returns what became of each
 */
export async function eachAccepted<Item, Result>(
  items: readonly Item[],
  accept: (item: Item) => Item | Promise<Item>,
  call: (accepted: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>,
): Promise<readonly PromiseSettledResult<Result>[]> {
  const judged: PromiseSettledResult<Item>[] = [];
  for (const item of items) {
    try {
      const accepted = accept(item);
      // Most need no turn of the event loop, and there may be hundreds.
      const value = accepted instanceof Promise ? await accepted : accepted;
      judged.push({ status: 'fulfilled', value });
    } catch (reason) {
      judged.push({ status: 'rejected', reason });
    }
  }
  const accepted = judged.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const results = (await call(accepted))[Symbol.iterator]();
  return judged.flatMap((one) => (one.status === 'rejected' ? one : (results.next().value ?? [])));
}

/**
 * Stores files one by one: `Store.storeFiles` for a store that has no faster way.
 *
 * @param store - where to
 * @param files - what
 * @param options - whom they count against, and a signal
 * @returns what became of each
 */
export function storeEach(
  store: Pick<Store, 'createUpload'>,
  files: readonly NewFile[],
  { quota, signal, keyring }: StoreFilesOptions,
): Promise<PromiseSettledResult<StoredFile>[]> {
  const storeOne = async ({ path, bytes, ...commit }: NewFile): Promise<StoredFile> => {
    const upload = await store.createUpload({ path, size: bytes.length, quota, keyring });
    try {
      await upload.write([bytes]);
      return await upload.commit({ ...commit, signal });
    } finally {
      await upload.discard();
    }
  };
  return Promise.allSettled(files.map(storeOne));
}

/**
 * Reads files one by one: `Store.readFiles` for a store that has no faster way.
 *
 * @param store - where from
 * @param paths - which
 * @param limits - how much may be read at once
 * @returns what became of each
 */
export async function readEach(
  store: Pick<Store, 'open'>,
  paths: readonly RemotePath[],
  { fileSize, total }: ReadFilesLimits,
): Promise<PromiseSettledResult<WholeFile>[]> {
  let left = total;
  const readOne = async (path: RemotePath): Promise<WholeFile> => {
    const reader = await store.open(path);
    try {
      const { file } = reader;
      if (file.size > Math.min(fileSize, left)) {
        throw new StoreError('too-large', 'The file is too large to be read with the others');
      }
      const bytes = new Uint8Array(file.size);
      let filled = 0;
      // Each chunk is valid only until the next is asked for.
      for await (const chunk of reader.read(0, file.size)) {
        bytes.set(chunk, filled);
        filled += chunk.length;
      }
      left -= file.size;
      return { file, bytes };
    } finally {
      await reader.close();
    }
  };
  const files: PromiseSettledResult<WholeFile>[] = [];
  for (const path of paths) files.push(...(await Promise.allSettled([readOne(path)])));
  return files;
}
