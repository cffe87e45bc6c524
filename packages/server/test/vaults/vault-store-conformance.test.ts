import { describe, expect, test } from '@jest/globals';

import { storeConformance, type TestFramework } from '../../src/store/conformance.js';
import { Keyrings } from '../../src/vaults/keyrings.js';
import { VaultStore } from '../../src/vaults/vault-store.js';
import { inMemory, onDisk, type MadeStore } from './made-store.js';

/** What a client without vaults sees; closing it closes the store, as tests expect of one. */
async function withVaults(making: Promise<MadeStore>): Promise<MadeStore> {
  const { store: base, ...made } = await making;
  const client = { identity: new Uint8Array(32), access: 'rw' } as const;
  const store = new VaultStore(base, new Keyrings(base), client);
  store.close = () => base.close();
  return { ...made, store };
}

/** The promises of a store in which anything can be put into `vaults`. */
const others = new Set([
  'folders are made with those above them, and may exist',
  'nothing moves into itself or into the other branch',
  'what others put there counts, and their own quotas do not',
]);
const left = new Set<string>();
const framework: TestFramework = {
  describe,
  expect,
  test: (name, run) => {
    if (others.has(name)) left.add(name);
    else test(name, run);
  },
};

storeConformance('VaultStore in memory', () => withVaults(inMemory()), framework);
storeConformance('VaultStore on disk', () => withVaults(onDisk()), framework);

test('the suite was run but for what is other in vaults', () => {
  expect(left).toEqual(others);
});
