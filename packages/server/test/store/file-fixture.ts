import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { StoreProbe } from '../../src/store/conformance/context.js';
import type { FileStoreOptions } from '../../src/store/file-store-options.js';
import { FileStore } from '../../src/store/file-store.js';
import { inTemporaryDirectory } from './temporary-directory.js';

/** A store on a disk, and what lies beside it. */
export interface FileFixture {
  readonly probe: StoreProbe;
  /** The data directory. */
  readonly data: string;
  /** A directory that the store has no business in. */
  readonly outside: string;
}

/** Does work with a new store on the disk. */
export function withFileStore(
  work: (fixture: FileFixture) => Promise<void>,
  options: Omit<FileStoreOptions, 'directory'> = {},
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    const data = join(directory, 'data');
    const outside = join(directory, 'outside');
    await mkdir(outside);
    const store = await FileStore.open({ directory: data, ...options });
    try {
      await work({ probe: new StoreProbe(store), data, outside });
    } finally {
      await store.close();
    }
  });
}
