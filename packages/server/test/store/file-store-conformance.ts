import { describe, expect, test } from '@jest/globals';

import { storeConformance } from '../../src/store/conformance.js';
import type { FileStoreOptions } from '../../src/store/file-store-options.js';
import { FileStore } from '../../src/store/file-store.js';
import { makeTemporaryDirectory, removeDirectory } from './temporary-directory.js';

/**
 * Defines tests for everything that a store promises. Each way to open the store has a file of its
 * own, so that they run beside each other.
 *
 * @param name - what the store is called
 * @param options - how it is opened
 */
export function fileStoreConformance(
  name: string,
  options: Omit<FileStoreOptions, 'directory'> = {},
): void {
  storeConformance(
    name,
    async () => {
      const directory = await makeTemporaryDirectory();
      const store = await FileStore.open({ directory, ...options });
      return { store, dispose: () => removeDirectory(directory) };
    },
    { describe, test, expect },
  );
}
