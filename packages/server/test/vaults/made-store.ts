import { FileStore, MemoryStore, type Store } from '../../src/index.js';
import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';

/** A store that a test has for itself. */
export interface MadeStore {
  readonly store: Store;
  readonly dispose?: () => Promise<void>;
}

export function inMemory(): Promise<MadeStore> {
  return Promise.resolve({ store: new MemoryStore() });
}

export async function onDisk(): Promise<MadeStore> {
  const directory = await makeTemporaryDirectory();
  const store = await FileStore.open({ directory, durability: 'relaxed' });
  return { store, dispose: () => removeDirectory(directory) };
}
