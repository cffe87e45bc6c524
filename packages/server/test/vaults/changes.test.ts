import { describe, expect, test } from '@jest/globals';

import { at, bytesOf, keyOf } from '../../src/store/conformance/context.js';
import { inMemory, onDisk } from './made-store.js';
import { alice, bob, carol, notAllowed, conflict, malformed, useWorld } from './vault-world.js';

describe.each([
  ['in memory', inMemory],
  ['on disk', onDisk],
] as const)('changes in vaults with files %s', (_, make) => {
  const world = useWorld(make);
  const { as, team } = world;

  describe('the keyring that a change names', () => {
    test('must be the one in force', async () => {
      const vault = await team();
      const { store } = as(bob);
      const [from, to, folder] = [at(vault.at('AAAA')), at(vault.at('B')), at(vault.at('D'))];
      const files = [{ path: to, bytes: bytesOf('x'), overwrite: 'always' }] as const;
      const changes = (keyring: number | undefined): (() => Promise<unknown>)[] => [
        () => as(bob).write(to, 'x', { keyring }),
        () => store.rename(from, to, 'always', { keyring }),
        () => store.makeDirectory(folder, { keyring }),
        async () => {
          const [result] = await store.storeFiles(files, { keyring });
          if (result?.status === 'rejected') throw result.reason;
        },
      ];
      for (const keyring of [0, 2, 4]) {
        for (const change of changes(keyring)) {
          await expect(change()).rejects.toMatchObject(conflict);
        }
        await expect(store.delete(from, { recursive: false, keyring })).rejects.toMatchObject(
          conflict,
        );
      }
      for (const change of changes(undefined)) {
        await expect(change()).rejects.toMatchObject(malformed);
      }
      await expect(
        as(alice).store.delete(at(vault.at()), { recursive: true, keyring: 2 }),
      ).rejects.toMatchObject(conflict);
      expect(await as(bob).names(vault.at())).toEqual(['.keyring', 'AAAA']);
      for (const change of changes(3)) await change();
      await store.delete(to, { recursive: false, keyring: 3 });
    });

    test('is looked at again when an upload is whole, and so is the role', async () => {
      const vault = await team();
      const open = (name: string, resumable?: { offset: number }) =>
        as(bob).store.createUpload({
          path: at(vault.at(name)),
          keyring: 3,
          ...(resumable && { resumable: { ...keyOf(1), ...resumable } }),
        });
      const uploads = [await open('B1'), await open('B2', { offset: 0 })];
      for (const upload of uploads) await upload.write([bytesOf('half')]);
      const renamed = await vault.with(alice, { name: 'crew' });
      await as(alice).storeNewest(renamed);
      for (const upload of uploads) {
        await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(conflict);
      }
      // What can be resumed was kept, and is stored under the new keyring.
      expect(await as(bob).find(keyOf(1))).toMatchObject({ offset: 4 });
      const demoting = { identity: bob.identity.publicKey, role: 'reader' } as const;
      const resumed = await as(bob).store.createUpload({
        path: at(vault.at('B2')),
        keyring: 4,
        resumable: { ...keyOf(1), offset: 4 },
      });
      await as(alice).storeNewest(await renamed.with(alice, { roles: [demoting] }));
      await expect(resumed.commit({ overwrite: 'always' })).rejects.toMatchObject(notAllowed);
      await expect(as(bob).write(vault.at('B3'), 'x', { keyring: 5 })).rejects.toMatchObject(
        notAllowed,
      );
      expect(await as(bob).names(vault.at())).toEqual(['.keyring', 'AAAA']);
    });

    test('cannot fall behind while files take their places', async () => {
      let vault = await team();
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        let stored = 0;
        for (let file = 0; file < 20; file++) {
          const keyring = (await world.keyrings.inForce(vault.vault))?.sequence ?? 0;
          const path = vault.at(`w${writer}_${file}_${keyring}`);
          await as(bob)
            .write(path, 'x', { keyring })
            .then(() => stored++)
            .catch((error: unknown) => expect(error).toMatchObject(conflict));
        }
        return stored;
      });
      for (let change = 0; change < 5; change++) {
        vault = await vault.with(alice, {});
        await as(alice).storeNewest(vault);
        const newest = vault.sequence;
        const before = await as(carol).names(vault.at());
        // After the answer, nothing more comes under the one before.
        await Promise.resolve();
        const behind = (await as(carol).names(vault.at())).filter(
          (name) => !before.includes(name) && Number(name.split('_')[2]) < newest,
        );
        expect(behind).toEqual([]);
      }
      const stored = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
      const names = await as(carol).names(vault.at());
      expect(names.filter((name) => name.startsWith('w'))).toHaveLength(stored);
    });
  });
});
