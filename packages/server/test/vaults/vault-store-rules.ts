import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { encodeCbor, type Access } from '@e2eeftp/protocol';
import { vaultLimits } from '@e2eeftp/vault';

import type { ChangeOptions, CommitOptions, StoreErrorCode } from '../../src/index.js';
import { at, bytesOf, keyOf, StoreProbe } from '../../src/store/conformance/context.js';
import { Keyrings } from '../../src/vaults/keyrings.js';
import { VaultStore } from '../../src/vaults/vault-store.js';
import type { MadeStore } from './made-store.js';
import { forgeKeyring, newPerson, TestVault, type Person } from '../support/test-vault.js';

const refused = (code: StoreErrorCode): object => ({ code });
const missing = refused('not-found');
const notAllowed = refused('not-allowed');
const conflict = refused('conflict');
const malformed = refused('malformed');

/** What somebody does with a store that shows him his vaults. */
class Member extends StoreProbe {
  /** Stores an entry, or a keyring. */
  async write(
    path: string,
    content: Uint8Array | string,
    options: ChangeOptions & Partial<CommitOptions> = {},
  ): Promise<void> {
    const upload = await this.store.createUpload({ path: at(path), keyring: options.keyring });
    try {
      await upload.write([bytesOf(content)]);
      await upload.commit({ overwrite: 'always', ...options });
    } finally {
      await upload.discard();
    }
  }

  /** Stores the newest keyring of a vault. */
  storeNewest(vault: TestVault): Promise<void> {
    return this.write(vault.keyringAt(vault.sequence), vault.newest, { overwrite: 'never' });
  }
}

/** Defines tests for what vaults are on a server, whatever keeps its files. */
export function vaultStoreRules(name: string, make: () => Promise<MadeStore>): void {
  describe(`vaults in a ${name}`, () => {
    let made: MadeStore;
    let keyrings: Keyrings;
    let [alice, bob, carol, eve]: Person[] = [];

    beforeEach(async () => {
      made = await make();
      keyrings = new Keyrings(made.store);
      [alice, bob, carol, eve] = await Promise.all([
        newPerson(),
        newPerson(),
        newPerson(),
        newPerson(),
      ]);
    });
    afterEach(async () => {
      await made.store.close();
      await made.dispose?.();
    });

    function as(person: Person | undefined, access: Access = 'rw', known = keyrings): Member {
      if (!person) throw new Error('nobody was made yet');
      const client = { identity: person.identity.publicKey, access };
      return new Member(new VaultStore(made.store, known, client));
    }

    function the(person: Person | undefined): Person {
      if (!person) throw new Error('nobody was made yet');
      return person;
    }

    /** A vault of Alice's, with Bob as a writer, Carol as a reader, and a file. */
    async function team(): Promise<TestVault> {
      let vault = await TestVault.begin(the(alice));
      await as(alice).storeNewest(vault);
      vault = await vault.withMember(the(alice), the(bob), 'writer');
      await as(alice).storeNewest(vault);
      vault = await vault.withMember(the(alice), the(carol), 'reader');
      await as(alice).storeNewest(vault);
      await as(alice).write(vault.at('AAAA'), 'cipher', { keyring: 3 });
      return vault;
    }

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

      test('go through long listings page by page, with what is others’ left out', async () => {
        const mine = await Promise.all([1, 2, 3].map(() => TestVault.begin(the(bob))));
        for (const vault of mine) {
          await as(bob).storeNewest(vault);
          await as(bob).write(vault.at('AA'), 'x', { keyring: 1 });
          await as(eve).storeNewest(await TestVault.begin(the(eve)));
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
        const other = await TestVault.begin(the(eve));
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
      const nowhere = await TestVault.begin(the(bob));
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
        await made.store.makeDirectory(at(`vaults/${id}`));
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

    describe('keyrings', () => {
      test('are replaced by owners alone, each by the next one', async () => {
        const vault = await team();
        const next = await vault.with(the(alice), { newEpoch: true });
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
        const next = await vault.with(the(alice), { newEpoch: true });
        const cut = next.newest.subarray(0, -1);
        const flipped = Uint8Array.from(next.newest);
        flipped[flipped.length - 1]! ^= 1;
        const otherVault = await TestVault.begin(the(alice));
        const forgeries = [
          ...[new Uint8Array(0), bytesOf('keyring'), encodeCbor({}), cut, flipped],
          // Replayed ones, and one of another vault.
          ...[vault.keyrings[0]!, vault.keyrings[2]!, otherVault.newest],
          (await otherVault.with(the(alice), {})).newest,
          // Signed by somebody who is no owner, by one who is, for other contents.
          forgeKeyring(next.newest, the(bob), {}),
          forgeKeyring(next.newest, the(eve), {}),
          forgeKeyring(next.newest, the(alice), { sequence: 5 }),
          forgeKeyring(next.newest, the(alice), { previous: new Uint8Array(32) }),
          forgeKeyring(next.newest, the(alice), { epoch: 9 }),
          forgeKeyring(next.newest, the(alice), { vault: otherVault.vault }),
          forgeKeyring(next.newest, the(alice), { members: [] }),
          forgeKeyring(next.newest, the(alice), { surplus: 1 }),
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
        const tooLarge = refused('too-large');
        const path = at(vault.keyringAt(4));
        const { store } = as(alice);
        await expect(
          store.createUpload({ path, size: vaultLimits.keyring + 1 }),
        ).rejects.toMatchObject(tooLarge);
        await expect(
          store.createUpload({ path, resumable: { ...keyOf(1), offset: 0 } }),
        ).rejects.toMatchObject(malformed);
        const upload = await store.createUpload({ path });
        await expect(store.createUpload({ path })).rejects.toMatchObject(refused('busy'));
        await upload.write([new Uint8Array(vaultLimits.keyring)]);
        await expect(upload.write([new Uint8Array(1)])).rejects.toMatchObject(tooLarge);
        await upload.suspend();
        await expect(upload.write([new Uint8Array(1)])).rejects.toThrow();
        await expect(upload.commit({ overwrite: 'never' })).rejects.toThrow();
        await as(alice).storeNewest(await vault.with(the(alice), {}));
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
        const next = await vault.with(the(alice), {});
        const files = [{ path, bytes: next.newest, overwrite: 'never' }] as const;
        expect(await store.storeFiles(files, keyring)).toMatchObject([{ reason: notAllowed }]);
        expect(await as(alice).names(vault.at(), { recursive: true })).toEqual([
          ...['.keyring', '.keyring/1', '.keyring/2', '.keyring/3', 'AAAA'],
        ]);
      });

      test('of two owners who replace one at once, one is told so', async () => {
        const vault = await TestVault.begin(the(alice));
        await as(alice).storeNewest(vault);
        const both = await vault.withMember(the(alice), the(bob), 'owner');
        await as(alice).storeNewest(both);
        const [mine, his] = await Promise.all([
          both.with(the(alice), { newEpoch: true }),
          both.withMember(the(bob), the(carol), 'reader'),
        ]);
        const outcomes = await Promise.allSettled([
          as(alice).storeNewest(mine),
          as(bob, 'rw', new Keyrings(made.store)).storeNewest(his),
        ]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(conflict);
        }
        expect(await as(alice).names(both.at('.keyring'))).toEqual(['1', '2', '3']);
      });

      test('that others have stored, or somebody has set back, are noticed', async () => {
        const vault = await team();
        const elsewhere = new Keyrings(made.store);
        const without = await vault.with(the(alice), { remove: [the(bob).identity.publicKey] });
        await as(bob).write(vault.at('B1'), 'x', { keyring: 3 });
        await as(alice, 'rw', elsewhere).storeNewest(without);
        await expect(as(bob).stat(vault.at())).rejects.toMatchObject(missing);
        await made.store.delete(at(vault.keyringAt(4)), { recursive: false });
        await as(bob).write(vault.at('B2'), 'x', { keyring: 3 });
        await made.store.delete(at(vault.keyringAt(3)), { recursive: false });
        await expect(as(carol).stat(vault.at())).rejects.toMatchObject(missing);
        await as(bob).write(vault.at('B3'), 'x', { keyring: 2 });
        await made.store.delete(at(vault.at('.keyring')), { recursive: true });
        await expect(as(alice).stat(vault.at())).rejects.toMatchObject(missing);
      });

      test('are found in a long row of them', async () => {
        let vault = await TestVault.begin(the(alice));
        await as(alice).storeNewest(vault);
        for (let sequence = 2; sequence <= 21; sequence++) {
          vault = await vault.with(the(alice), {});
          await as(alice).storeNewest(vault);
          const { sequence: found } = (await new Keyrings(made.store).inForce(vault.vault)) ?? {};
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
          await new StoreProbe(made.store).put(path, bytes);
          for (const member of [alice, eve]) {
            await expect(as(member).stat(vault.at())).rejects.toMatchObject({ code: 'io' });
            expect(await as(member).names('vaults', { recursive: true })).toEqual([]);
          }
        }
        await new StoreProbe(made.store).put(vault.keyringAt(3), vault.newest);
        expect(await as(carol).getText(vault.at('AAAA'))).toBe('cipher');
      });
    });

    describe('the first keyring', () => {
      test('makes a vault, also a home, for whoever signed it', async () => {
        for (const kind of ['shared', 'home'] as const) {
          const vault = await TestVault.begin(the(alice), kind);
          await expect(as(eve).storeNewest(vault)).rejects.toMatchObject(notAllowed);
          await as(alice).storeNewest(vault);
          await expect(as(alice).storeNewest(vault)).rejects.toMatchObject(conflict);
          await expect(as(eve).storeNewest(vault)).rejects.toMatchObject(missing);
        }
        expect(await as(alice).names('vaults')).toHaveLength(2);
        expect(await as(eve).names('vaults')).toEqual([]);
      });

      test('has the number 1 and the id that belongs to it', async () => {
        const vault = await TestVault.begin(the(alice));
        const never = { overwrite: 'never' } as const;
        await expect(
          as(alice).write(vault.keyringAt(2), vault.newest, never),
        ).rejects.toMatchObject(missing);
        const other = await TestVault.begin(the(alice));
        await expect(
          as(alice).write(other.keyringAt(1), vault.newest, never),
        ).rejects.toMatchObject(malformed);
        // Under the id of somebody else's vault, with one's own signature.
        const taken = forgeKeyring(vault.newest, the(eve), {
          members: [{ card: { ...the(eve).card }, role: 'owner' }],
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

      test('is taken by one of several that send it at once', async () => {
        const vault = await TestVault.begin(the(alice));
        const outcomes = await Promise.allSettled(
          [1, 2, 3].map(() => as(alice, 'rw', new Keyrings(made.store)).storeNewest(vault)),
        );
        expect(outcomes.map(({ status }) => status).sort()).toEqual([
          ...['fulfilled', 'rejected', 'rejected'],
        ]);
      });
    });

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
        const renamed = await vault.with(the(alice), { name: 'crew' });
        await as(alice).storeNewest(renamed);
        for (const upload of uploads) {
          await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(conflict);
        }
        // What can be resumed was kept, and is stored under the new keyring.
        expect(await as(bob).find(keyOf(1))).toMatchObject({ offset: 4 });
        const demoting = { identity: the(bob).identity.publicKey, role: 'reader' } as const;
        const resumed = await as(bob).store.createUpload({
          path: at(vault.at('B2')),
          keyring: 4,
          resumable: { ...keyOf(1), offset: 4 },
        });
        await as(alice).storeNewest(await renamed.with(the(alice), { roles: [demoting] }));
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
            const keyring = (await keyrings.inForce(vault.vault))?.sequence ?? 0;
            const path = vault.at(`w${writer}_${file}_${keyring}`);
            await as(bob)
              .write(path, 'x', { keyring })
              .then(() => stored++)
              .catch((error: unknown) => expect(error).toMatchObject(conflict));
          }
          return stored;
        });
        for (let change = 0; change < 5; change++) {
          vault = await vault.with(the(alice), {});
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

    test('several files are stored together, each by its own rights', async () => {
      const vault = await team();
      const other = await TestVault.begin(the(eve));
      await as(eve).storeNewest(other);
      const paths = [vault.at('F1'), 'received/f', other.at('F'), vault.at('a b'), 'vaults/x/y'];
      const files = [...paths, vault.at('F2')].map((path) => ({
        path: at(path),
        bytes: bytesOf(path),
        overwrite: 'never' as const,
      }));
      const results = await as(bob).store.storeFiles(files, { keyring: 3 });
      expect(
        results.map((one) => (one.status === 'fulfilled' ? 'stored' : one.reason.code)),
      ).toEqual(['stored', 'stored', 'not-found', 'not-allowed', 'not-found', 'stored']);
      expect(await as(bob).getText(vault.at('F2'))).toBe(vault.at('F2'));
      expect(await as(bob).getText('received/f')).toBe('received/f');
    });

    test('nothing moves from one vault to another, into one or out of it', async () => {
      const vault = await team();
      const mine = await TestVault.begin(the(alice));
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
      expect(await new StoreProbe(made.store).names('vaults')).toEqual([]);
      const again = new Keyrings(made.store);
      const first = { overwrite: 'never' } as const;
      await as(alice, 'rw', again).write(vault.keyringAt(1), vault.keyrings[0]!, first);
      await expect(as(bob).stat(vault.at())).rejects.toMatchObject(missing);
      await expect(as(bob).stat(vault.at('AAAA'))).rejects.toMatchObject(missing);
    });

    test('who may not change anything changes no keyring, owner or not', async () => {
      const vault = await team();
      const next = await vault.with(the(alice), {});
      for (const access of ['ro', 'wo'] as const) {
        await expect(as(alice, access).storeNewest(next)).rejects.toMatchObject(notAllowed);
        await expect(
          as(alice, access).storeNewest(await TestVault.begin(the(alice))),
        ).rejects.toMatchObject(notAllowed);
      }
      await as(alice, 'wo').write(vault.at('W'), 'x', { keyring: 3 });
      await as(alice, 'admin').storeNewest(next);
    });
  });
}
