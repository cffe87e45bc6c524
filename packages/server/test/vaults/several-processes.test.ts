import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { FileStore } from '../../src/index.js';
import { Keyrings } from '../../src/vaults/keyrings.js';
import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';
import { TestVault } from '../support/test-vault.js';
import { alice, bob, carol, conflict, missing, useWorld } from './vault-world.js';

/** What a second process has: the same directory and turns, and nothing of what is remembered. */
let second: FileStore;
const world = useWorld(async () => {
  const directory = await makeTemporaryDirectory();
  const store = await FileStore.open({ directory, durability: 'relaxed' });
  const { coordination } = store;
  second = await FileStore.open({ directory, durability: 'relaxed', coordination });
  return { store, dispose: () => removeDirectory(directory) };
});
let elsewhere: Keyrings;
beforeEach(() => {
  elsewhere = new Keyrings(second);
});
afterEach(async () => {
  await second.close();
});

const here = world.as;
const there: typeof here = (person, access) => world.as(person, access, elsewhere, second);

test('a keyring that one process stores is in force in the others with its answer', async () => {
  let vault = await TestVault.begin(alice);
  await here(alice).storeNewest(vault);
  for (let change = 0; change < 10; change++) {
    vault = await vault.with(alice, {});
    const { sequence } = vault;
    const [one, other] = change % 2 === 0 ? [here, there] : [there, here];
    await one(alice).storeNewest(vault);
    const path = vault.at(`A${sequence}`);
    await expect(other(alice).write(path, 'x', { keyring: sequence - 1 })).rejects.toMatchObject(
      conflict,
    );
    await other(alice).write(path, 'x', { keyring: sequence });
  }
  await there(alice).delete(vault.at(), true);
  await expect(here(alice).stat(vault.at())).rejects.toMatchObject(missing);
});

test('of two owners who replace a keyring in two processes at once, one is told so', async () => {
  let vault = await TestVault.begin(alice);
  await here(alice).storeNewest(vault);
  vault = await vault.withMember(alice, bob, 'owner');
  await there(alice).storeNewest(vault);
  for (let round = 0; round < 5; round++) {
    const [mine, his] = await Promise.all([
      vault.with(alice, { newEpoch: true }),
      vault.with(bob, { name: `round ${round}` }),
    ]);
    const [first, other] = await Promise.allSettled([
      here(alice).storeNewest(mine),
      there(bob).storeNewest(his),
    ]);
    const isFirst = first.status === 'fulfilled';
    expect(isFirst ? other : first).toMatchObject({ status: 'rejected', reason: conflict });
    vault = isFirst ? mine : his;
    const newest = await here(bob).get(vault.keyringAt(vault.sequence));
    expect(newest).toEqual(Buffer.from(vault.newest));
  }
  await expect(there(carol).stat(vault.at())).rejects.toMatchObject(missing);
});
