import { describe, expect, test } from '@jest/globals';

import { parsePath } from '@e2eeftp/protocol';

import { storeConformance } from '../src/store/conformance.js';
import { FileStore } from '../src/store/file-store.js';
import { HomeStore } from '../src/store/home-store.js';
import { MemoryStore } from '../src/store/memory-store.js';
import type { Store } from '../src/store/store.js';
import { makeTemporaryDirectory, removeDirectory } from './store/temporary-directory.js';

/** What the client sees of a store; closing it closes the store, as tests expect of one. */
async function homeIn(base: Store, home: string): Promise<Store> {
  const store = await HomeStore.open(base, parsePath(home));
  store.close = () => base.close();
  return store;
}

storeConformance(
  'HomeStore in memory',
  async () => ({ store: await homeIn(new MemoryStore(), 'received/team/alice') }),
  { describe, test, expect },
);

storeConformance(
  'HomeStore on disk',
  async () => {
    const directory = await makeTemporaryDirectory();
    const base = await FileStore.open({ directory, durability: 'relaxed' });
    return {
      store: await homeIn(base, 'received/alice'),
      dispose: () => removeDirectory(directory),
    };
  },
  { describe, test, expect },
);
