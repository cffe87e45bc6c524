import { describe, expect, test } from '@jest/globals';

import { at, bytesOf, StoreProbe } from '../../src/store/conformance/context.js';
import { Keyrings } from '../../src/vaults/keyrings.js';
import { TestVault } from '../support/test-vault.js';
import { inMemory, onDisk } from './made-store.js';
import {
  alice,
  bob,
  carol,
  eve,
  missing,
  notAllowed,
  conflict,
  codeOf,
  useWorld,
} from './vault-world.js';

describe.each([
  ['in memory', inMemory],
  ['on disk', onDisk],
] as const)('vaults with files %s', (_, make) => {
  const world = useWorld(make);
  const { as, team } = world;

  describe('members', () => {
    test('see it and what is in it, each of them', async () => {
      const vault = await team();
      const id = vault.at().split('/')[1] ?? '';
      for (const member of [alice, bob, carol]) {
        expect(await as(member).names('vaults')).toEqual([id]);
        expect(await as(member).names('', { recursive: true })).toEqual([
          'received',
          ...['vaults', `vaults/${id}`, `vaults/${id}/.keyring`],
          ...[1, 2, 3].map((sequence) => `vaults/${id}/.keyring/${sequence}`),
          `vaults/${id}/AAAA`,
        ]);
        expect(await as(member).names(vault.at())).toEqual(['.keyring', 'AAAA']);
        expect(await as(member).getText(vault.at('AAAA'))).toBe('cipher');
        expect(await as(member).get(vault.keyringAt(2))).toEqual(Buffer.from(vault.keyrings[1]!));
      }
    });

    test('change what their role allows', async () => {
      const vault = await team();
      await as(bob).store.makeDirectory(at(vault.at('BBBB')), { keyring: 3 });
      await as(bob).write(vault.at('BBBB', 'C_-0'), 'x', { keyring: 3 });
      await as(bob).store.makeDirectory(at(vault.at('DDDD')), { keyring: 3 });
      await as(bob).store.rename(at(vault.at('BBBB')), at(vault.at('DDDD', 'E')), 'never', {
        keyring: 3,
      });
      expect(await as(bob).names(vault.at(), { recursive: true })).toContain('DDDD/E/C_-0');
      await as(bob).delete(vault.at('DDDD'), true);
      await expect(as(carol).write(vault.at('X'), 'x', { keyring: 3 })).rejects.toMatchObject(
        notAllowed,
      );
      await expect(as(carol).delete(vault.at('AAAA'))).rejects.toMatchObject(notAllowed);
      for (const member of [bob, carol]) {
        await expect(as(member).delete(vault.at(), true)).rejects.toMatchObject(notAllowed);
      }
      expect(await as(carol).names(vault.at())).toEqual(['.keyring', 'AAAA']);
    });

    test('put nothing into folders that are not there, or not any more', async () => {
      const vault = await team();
      const { store } = as(bob);
      const options = { keyring: 3 };
      const inside = at(vault.at('BBBB', 'C'));
      const putAll = async (): Promise<unknown[]> => {
        const file = { path: inside, bytes: new Uint8Array(3), overwrite: 'always' as const };
        const results = await Promise.allSettled([
          as(bob).write(inside, 'x', options),
          store.makeDirectory(inside, options),
          store.rename(at(vault.at('AAAA')), inside, 'never', options),
          store.storeFiles([file], options).then(([result]) => {
            if (result?.status === 'rejected') throw result.reason;
          }),
        ]);
        return results.map((result): unknown =>
          result.status === 'rejected' ? result.reason : 'done',
        );
      };
      for (const reason of await putAll()) expect(reason).toMatchObject(missing);
      // While an upload is under way, its folder gets another name.
      await store.makeDirectory(at(vault.at('BBBB')), options);
      const upload = await store.createUpload({ path: inside, ...options });
      await upload.write([bytesOf('x')]);
      await store.rename(at(vault.at('BBBB')), at(vault.at('CCCC')), 'never', options);
      await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(missing);
      expect(await as(bob).names(vault.at())).toEqual(['.keyring', 'AAAA', 'CCCC']);
      await as(bob).write(vault.at('BBBB'), 'a file', options);
      for (const reason of await putAll()) expect(reason).toMatchObject(conflict);
    });

    test('go through long listings page by page, with what is others’ left out', async () => {
      const mine = await Promise.all([1, 2, 3].map(() => TestVault.begin(bob)));
      for (const vault of mine) {
        await as(bob).storeNewest(vault);
        await as(bob).write(vault.at('AA'), 'x', { keyring: 1 });
        await as(eve).storeNewest(await TestVault.begin(eve));
      }
      const whole = await as(bob).names('', { recursive: true });
      expect(whole).toHaveLength(2 + 3 * 4);
      for (const [index, path] of whole.entries()) {
        const rest = await as(bob).names('', { recursive: true, after: at(path) });
        expect([path, rest]).toEqual([path, whole.slice(index + 1)]);
      }
      const vaults = await as(bob).names('vaults');
      expect(await as(bob).names('vaults', { after: at(vaults[0] ?? '') })).toEqual(
        vaults.slice(1),
      );
    });

    test('read several files at once, and nothing of others’ with them', async () => {
      const vault = await team();
      const other = await TestVault.begin(eve);
      await as(eve).storeNewest(other);
      const results = await as(carol).store.readFiles(
        [at(vault.at('AAAA')), at(other.keyringAt(1)), at(vault.at('a b')), at('received/no')],
        { fileSize: 1000, total: 1000 },
      );
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        ...['rejected', 'rejected', 'rejected'],
      ]);
      for (const result of results.slice(1)) expect(result).toMatchObject({ reason: missing });
    });
  });

  test('strangers find nothing, whatever they ask, as where nothing is', async () => {
    const vault = await team();
    const nowhere = await TestVault.begin(bob);
    for (const { at: place, keyringAt } of [vault, nowhere].map((one) => ({
      at: one.at.bind(one),
      keyringAt: one.keyringAt.bind(one),
    }))) {
      const { store } = as(eve);
      const asked = [
        () => as(eve).stat(place()),
        () => as(eve).list(place()),
        () => as(eve).list(place(), { recursive: true }),
        () => as(eve).get(place('AAAA')),
        () => as(eve).get(keyringAt(1)),
        () => as(eve).write(place('AAAA'), 'x', { keyring: 3 }),
        () => as(eve).write(place('AAAA'), 'x'),
        () => as(eve).write(place('a b'), 'x'),
        () => as(eve).write(keyringAt(4), 'x', { overwrite: 'never' }),
        () => as(eve).delete(place('AAAA')),
        () => as(eve).delete(place(), true),
        () => as(eve).rename(place('AAAA'), place('BBBB')),
        () => as(eve).rename(place('AAAA'), 'received/f'),
        () => as(eve).rename('received/f', place('BBBB')),
        () => as(eve).makeDirectory(place('D')),
        () => as(eve).makeDirectory(place()),
        () => store.setMode(at(place('AAAA')), 0o600),
      ];
      for (const ask of asked) await expect(ask()).rejects.toMatchObject(missing);
      const [stored] = await store.storeFiles(
        [{ path: at(place('AAAA')), bytes: bytesOf('x'), overwrite: 'always' }],
        { keyring: 3 },
      );
      expect(stored).toMatchObject({ reason: missing });
    }
    expect(await as(eve).names('', { recursive: true })).toEqual(['received', 'vaults']);
    expect(await as(alice).getText(vault.at('AAAA'))).toBe('cipher');
  });

  test('what is no vault cannot be made or found', async () => {
    for (const id of ['v', '.keyring', 'A'.repeat(26), 'a'.repeat(25), `${'a'.repeat(25)}b`]) {
      await world.store.makeDirectory(at(`vaults/${id}`));
      await expect(as(alice).stat(`vaults/${id}`)).rejects.toMatchObject(missing);
      await expect(as(alice).makeDirectory(`vaults/${id}/d`)).rejects.toMatchObject(missing);
      await expect(
        as(alice).write(`vaults/${id}/.keyring/1`, 'x', { overwrite: 'never' }),
      ).rejects.toMatchObject(missing);
    }
    expect(await as(alice).names('vaults')).toEqual([]);
    await expect(as(alice).write('vaults', 'x')).rejects.toMatchObject(notAllowed);
    await expect(as(alice).delete('vaults', true)).rejects.toMatchObject(notAllowed);
  });

  test('several files are stored together, each by its own rights', async () => {
    const vault = await team();
    const other = await TestVault.begin(eve);
    await as(eve).storeNewest(other);
    const paths = [vault.at('F1'), 'received/f', other.at('F'), vault.at('a b'), 'vaults/x/y'];
    const files = [...paths, vault.at('F2')].map((path) => ({
      path: at(path),
      bytes: bytesOf(path),
      overwrite: 'never' as const,
    }));
    const results = await as(bob).store.storeFiles(files, { keyring: 3 });
    expect(
      results.map((one) => (one.status === 'fulfilled' ? 'stored' : codeOf(one.reason))),
    ).toEqual(['stored', 'stored', 'not-found', 'not-allowed', 'not-found', 'stored']);
    expect(await as(bob).getText(vault.at('F2'))).toBe(vault.at('F2'));
    expect(await as(bob).getText('received/f')).toBe('received/f');
  });

  test('nothing moves from one vault to another, into one or out of it', async () => {
    const vault = await team();
    const mine = await TestVault.begin(alice);
    await as(alice).storeNewest(mine);
    await as(alice).write('received/f', 'x');
    for (const [from, to] of [
      [vault.at('AAAA'), mine.at('AAAA')],
      [vault.at('AAAA'), 'received/g'],
      ['received/f', vault.at('B')],
      ['vaults', vault.at('B')],
      [vault.at('AAAA'), 'vaults'],
      [vault.at('AAAA'), ''],
    ] as const) {
      await expect(
        as(alice).store.rename(at(from), at(to), 'always', { keyring: 3 }),
      ).rejects.toMatchObject(notAllowed);
    }
  });

  test('an owner deletes it whole, and then it is as if it had never been', async () => {
    const vault = await team();
    await expect(as(alice).delete(vault.at())).rejects.toMatchObject(conflict);
    await as(alice).delete(vault.at(), true);
    for (const member of [alice, bob, eve]) {
      await expect(as(member).stat(vault.at())).rejects.toMatchObject(missing);
      expect(await as(member).names('vaults')).toEqual([]);
    }
    expect(await new StoreProbe(world.store).names('vaults')).toEqual([]);
    const again = new Keyrings(world.store);
    const first = { overwrite: 'never' } as const;
    await as(alice, 'rw', again).write(vault.keyringAt(1), vault.keyrings[0]!, first);
    await expect(as(bob).stat(vault.at())).rejects.toMatchObject(missing);
    await expect(as(bob).stat(vault.at('AAAA'))).rejects.toMatchObject(missing);
  });

  test('who may not change anything changes no keyring, owner or not', async () => {
    const vault = await team();
    const next = await vault.with(alice, {});
    for (const access of ['ro', 'wo'] as const) {
      await expect(as(alice, access).storeNewest(next)).rejects.toMatchObject(notAllowed);
      await expect(
        as(alice, access).storeNewest(await TestVault.begin(alice)),
      ).rejects.toMatchObject(notAllowed);
    }
    await as(alice, 'wo').write(vault.at('W'), 'x', { keyring: 3 });
    await as(alice, 'admin').storeNewest(next);
  });
});
