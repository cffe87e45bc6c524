import { describe, expect, test } from '@jest/globals';

import { storeConformance } from '../../src/store/conformance.js';
import type { FileStoreOptions } from '../../src/store/file-store-options.js';
import { FileStore } from '../../src/store/file-store.js';
import { makeTemporaryDirectory, removeDirectory } from './temporary-directory.js';

const kinds: Record<string, Omit<FileStoreOptions, 'directory'>> = {
  FileStore: {},
  'FileStore without flushes': { durability: 'relaxed' },
  'FileStore without descriptor paths': { access: 'names' },
};

for (const [name, options] of Object.entries(kinds)) {
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
