import { describe, expect, test } from '@jest/globals';

import { encodeCbor } from '@e2eeftp/protocol';
import { vaultLimits } from '@e2eeftp/vault';

import { at, bytesOf, keyOf, StoreProbe } from '../../src/store/conformance/context.js';
import { Keyrings } from '../../src/vaults/keyrings.js';
import { forgeKeyring, TestVault } from '../support/test-vault.js';
import { inMemory, onDisk } from './made-store.js';
import {
  alice,
  bob,
  carol,
  eve,
  missing,
  notAllowed,
  conflict,
  malformed,
  tooLarge,
  busy,
  useWorld,
} from './vault-world.js';

describe.each([
  ['in memory', inMemory],
  ['on disk', onDisk],
] as const)('keyrings of vaults with files %s', (_, make) => {
  const world = useWorld(make);
  const { as, team } = world;

  describe('keyrings', () => {
    test('are replaced by owners alone, each by the next one', async () => {
      const vault = await team();
      const next = await vault.with(alice, { newEpoch: true });
      await expect(as(bob).storeNewest(next)).rejects.toMatchObject(notAllowed);
      await expect(as(carol).storeNewest(next)).rejects.toMatchObject(notAllowed);
      for (const sequence of [1, 2, 3, 5]) {
        await expect(
          as(alice).write(vault.keyringAt(sequence), next.newest, { overwrite: 'never' }),
        ).rejects.toMatchObject(conflict);
      }
      for (const overwrite of ['always', { etag: 'x' }] as const) {
        await expect(
          as(alice).write(next.keyringAt(4), next.newest, { overwrite }),
        ).rejects.toMatchObject(malformed);
      }
      const never = { overwrite: 'never' } as const;
      for (const keyring of [0, 2, 4]) {
        await expect(
          as(alice).write(next.keyringAt(4), next.newest, { ...never, keyring }),
        ).rejects.toMatchObject(conflict);
      }
      await as(alice).write(next.keyringAt(4), next.newest, { ...never, keyring: 3 });
      expect(await as(carol).names(vault.at('.keyring'))).toEqual(['1', '2', '3', '4']);
    });

    test('that do not follow from the one in force are refused', async () => {
      const vault = await team();
      const next = await vault.with(alice, { newEpoch: true });
      const cut = next.newest.subarray(0, -1);
      const flipped = Uint8Array.from(next.newest);
      flipped[flipped.length - 1]! ^= 1;
      const otherVault = await TestVault.begin(alice);
      const forgeries = [
        ...[new Uint8Array(0), bytesOf('keyring'), encodeCbor({}), cut, flipped],
        // Replayed ones, and one of another vault.
        ...[vault.keyrings[0]!, vault.keyrings[2]!, otherVault.newest],
        (await otherVault.with(alice, {})).newest,
        // Signed by somebody who is no owner, by one who is, for other contents.
        forgeKeyring(next.newest, bob, {}),
        forgeKeyring(next.newest, eve, {}),
        forgeKeyring(next.newest, alice, { sequence: 5 }),
        forgeKeyring(next.newest, alice, { previous: new Uint8Array(32) }),
        forgeKeyring(next.newest, alice, { epoch: 9 }),
        forgeKeyring(next.newest, alice, { vault: otherVault.vault }),
        forgeKeyring(next.newest, alice, { members: [] }),
        forgeKeyring(next.newest, alice, { surplus: 1 }),
      ];
      for (const [index, forgery] of forgeries.entries()) {
        const outcome = await as(alice)
          .write(vault.keyringAt(4), forgery, { overwrite: 'never' })
          .catch((error: unknown) => error);
        expect({ index, outcome }).toMatchObject({ index, outcome: malformed });
      }
      expect(await as(alice).names(vault.at('.keyring'))).toEqual(['1', '2', '3']);
      await as(alice).storeNewest(next);
    });

    test('are bounded, and come one at a time and in one piece', async () => {
      const vault = await team();
      const path = at(vault.keyringAt(4));
      const { store } = as(alice);
      await expect(
        store.createUpload({ path, size: vaultLimits.keyring + 1 }),
      ).rejects.toMatchObject(tooLarge);
      await expect(
        store.createUpload({ path, resumable: { ...keyOf(1), offset: 0 } }),
      ).rejects.toMatchObject(malformed);
      const upload = await store.createUpload({ path });
      await expect(store.createUpload({ path })).rejects.toMatchObject(busy);
      await upload.write([new Uint8Array(vaultLimits.keyring)]);
      await expect(upload.write([new Uint8Array(1)])).rejects.toMatchObject(tooLarge);
      await upload.suspend();
      await expect(upload.write([new Uint8Array(1)])).rejects.toThrow();
      await expect(upload.commit({ overwrite: 'never' })).rejects.toThrow();
      const next = await vault.with(alice, {});
      const inPieces = await store.createUpload({ path });
      for (const byte of next.newest) await inPieces.write([Uint8Array.of(byte)]);
      expect(inPieces.size).toBe(next.newest.length);
      await inPieces.commit({ overwrite: 'never' });
      expect(await as(bob).get(path)).toEqual(Buffer.from(next.newest));
      await (await store.createUpload({ path: at(vault.keyringAt(5)) })).discard();
    });

    test('cannot be touched otherwise', async () => {
      const vault = await team();
      const { store } = as(alice);
      const keyring = { keyring: 3 };
      const names = ['1', '3', '4', '04', 'x', 'a/b', '1000001'];
      const inside = names.map((name) => vault.at('.keyring', name));
      const touched = [
        ...[vault.at('.keyring'), ...inside].flatMap((path) => [
          () => as(alice).delete(path, true),
          () => store.rename(at(path), at(vault.at('B')), 'never', keyring),
          () => store.rename(at(vault.at('AAAA')), at(path), 'always', keyring),
          () => store.setMode(at(path), 0o777),
          () => store.makeDirectory(at(path), keyring),
        ]),
        ...[vault.at('.keyring'), ...inside.filter((path) => !/\/[134]$/u.test(path))].map(
          (path) => () => as(alice).write(path, 'x', { ...keyring, overwrite: 'never' }),
        ),
        () => store.rename(at(vault.at()), at(`vaults/${'b'.repeat(25)}a`), 'never', keyring),
        () => store.setMode(at(vault.at('AAAA')), 0o777),
        // A file system may take these for the folder of keyrings.
        () => as(alice).write(vault.at('.KEYRING', '4'), 'x', keyring),
        () => as(alice).write(vault.at('.keyring ', '4'), 'x', keyring),
        () => as(alice).write(vault.at('n', '.keyring', '4'), 'x', keyring),
      ];
      for (const touch of touched) {
        await expect(touch()).rejects.toMatchObject({
          code: expect.stringMatching(/^not-(?:allowed|found)$/u),
        });
      }
      const path = at(vault.keyringAt(4));
      const next = await vault.with(alice, {});
      const files = [{ path, bytes: next.newest, overwrite: 'never' }] as const;
      expect(await store.storeFiles(files, keyring)).toMatchObject([{ reason: notAllowed }]);
      expect(await as(alice).names(vault.at(), { recursive: true })).toEqual([
        ...['.keyring', '.keyring/1', '.keyring/2', '.keyring/3', 'AAAA'],
      ]);
    });

    test('of two owners who replace one at once, one is told so', async () => {
      const vault = await TestVault.begin(alice);
      await as(alice).storeNewest(vault);
      const both = await vault.withMember(alice, bob, 'owner');
      await as(alice).storeNewest(both);
      const [mine, his] = await Promise.all([
        both.with(alice, { newEpoch: true }),
        both.withMember(bob, carol, 'reader'),
      ]);
      const outcomes = await Promise.allSettled([
        as(alice).storeNewest(mine),
        as(bob, 'rw', new Keyrings(world.store)).storeNewest(his),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(conflict);
      }
      expect(await as(alice).names(both.at('.keyring'))).toEqual(['1', '2', '3']);
    });

    test('that others have stored, or somebody has set back, are noticed', async () => {
      const vault = await team();
      const elsewhere = new Keyrings(world.store);
      const without = await vault.with(alice, { remove: [bob.identity.publicKey] });
      await as(bob).write(vault.at('B1'), 'x', { keyring: 3 });
      await as(alice, 'rw', elsewhere).storeNewest(without);
      await expect(as(bob).stat(vault.at())).rejects.toMatchObject(missing);
      await world.store.delete(at(vault.keyringAt(4)), { recursive: false });
      await as(bob).write(vault.at('B2'), 'x', { keyring: 3 });
      await world.store.delete(at(vault.keyringAt(3)), { recursive: false });
      await expect(as(carol).stat(vault.at())).rejects.toMatchObject(missing);
      await as(bob).write(vault.at('B3'), 'x', { keyring: 2 });
      await world.store.delete(at(vault.at('.keyring')), { recursive: true });
      await expect(as(alice).stat(vault.at())).rejects.toMatchObject(missing);
    });

    test('are found in a long row of them', async () => {
      let vault = await TestVault.begin(alice);
      await as(alice).storeNewest(vault);
      for (let sequence = 2; sequence <= 21; sequence++) {
        vault = await vault.with(alice, {});
        await as(alice).storeNewest(vault);
        const { sequence: found } = (await new Keyrings(world.store).inForce(vault.vault)) ?? {};
        expect(found).toBe(sequence);
      }
    });

    test('that are damaged let nobody in, and no other one in their place', async () => {
      const vault = await team();
      for (const [bytes, path] of [
        ['no keyring', vault.keyringAt(3)],
        [vault.keyrings[1]!, vault.keyringAt(3)],
        [new Uint8Array(vaultLimits.keyring + 1), vault.keyringAt(3)],
      ] as const) {
        await new StoreProbe(world.store).put(path, bytes);
        for (const member of [alice, eve]) {
          await expect(as(member).stat(vault.at())).rejects.toMatchObject({ code: 'io' });
          expect(await as(member).names('vaults', { recursive: true })).toEqual([]);
        }
      }
      await new StoreProbe(world.store).put(vault.keyringAt(3), vault.newest);
      expect(await as(carol).getText(vault.at('AAAA'))).toBe('cipher');
    });
  });

  describe('the first keyring', () => {
    test('makes a vault, also a home, for whoever signed it', async () => {
      for (const kind of ['shared', 'home'] as const) {
        const vault = await TestVault.begin(alice, kind);
        await expect(as(eve).storeNewest(vault)).rejects.toMatchObject(notAllowed);
        await as(alice).storeNewest(vault);
        await expect(as(alice).storeNewest(vault)).rejects.toMatchObject(conflict);
        await expect(as(eve).storeNewest(vault)).rejects.toMatchObject(missing);
      }
      expect(await as(alice).names('vaults')).toHaveLength(2);
      expect(await as(eve).names('vaults')).toEqual([]);
    });

    test('has the number 1 and the id that belongs to it', async () => {
      const vault = await TestVault.begin(alice);
      const never = { overwrite: 'never' } as const;
      await expect(as(alice).write(vault.keyringAt(2), vault.newest, never)).rejects.toMatchObject(
        missing,
      );
      const other = await TestVault.begin(alice);
      await expect(as(alice).write(other.keyringAt(1), vault.newest, never)).rejects.toMatchObject(
        malformed,
      );
      // Under the id of somebody else's vault, with one's own signature.
      const taken = forgeKeyring(vault.newest, eve, {
        members: [{ card: { ...eve.card }, role: 'owner' }],
      });
      await expect(as(eve).write(vault.keyringAt(1), taken, never)).rejects.toMatchObject(
        malformed,
      );
      await expect(as(alice).write(vault.at('AAAA'), 'x', { keyring: 0 })).rejects.toMatchObject(
        missing,
      );
      expect(await as(alice).names('vaults')).toEqual([]);
      await as(alice).write(vault.keyringAt(1), vault.newest, { ...never, keyring: 0 });
    });

    test('can be sent again where a crash has left its folder empty', async () => {
      const vault = await TestVault.begin(alice);
      await world.store.makeDirectory(at(vault.at('.keyring')));
      await expect(as(alice).stat(vault.at())).rejects.toMatchObject(missing);
      expect(await as(alice).names('vaults')).toEqual([]);
      await as(alice).storeNewest(vault);
      expect(await as(alice).names(vault.at('.keyring'))).toEqual(['1']);
    });

    test('is taken by one of several that send it at once', async () => {
      const vault = await TestVault.begin(alice);
      const outcomes = await Promise.allSettled(
        [1, 2, 3].map(() => as(alice, 'rw', new Keyrings(world.store)).storeNewest(vault)),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual([
        ...['fulfilled', 'rejected', 'rejected'],
      ]);
    });
  });
});
