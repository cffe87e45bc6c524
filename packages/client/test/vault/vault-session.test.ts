import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { fingerprint } from '@e2eeftp/crypto';
import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';
import { formatVaultId, homeVaultId, keyringPath, labels, vaultPath } from '@e2eeftp/vault';
import { describe, expect, test } from '@jest/globals';

import type { VaultSession } from '../../src/vault/vault-session.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import {
  beginVault,
  changeVault,
  openVault,
  startVaultServer,
  type Person,
  type VaultServer,
} from './support.js';

expectNoUnhandledRejections();

interface Team {
  readonly server: VaultServer;
  readonly alice: Person;
  readonly bob: Person;
  readonly vault: Uint8Array;
  readonly session: VaultSession;
}

/** A vault of Alice's with Bob as a writer: two keyrings. */
async function team(): Promise<Team> {
  const server = await startVaultServer();
  const alice = await server.person('alice');
  const bob = await server.person('bob');
  const vault = await beginVault(alice, 'team');
  const session = await openVault(alice, vault, { firstOwner: alice.fingerprint });
  await changeVault(alice, session, { add: [{ card: bob.card, role: 'writer' }] });
  await session.refresh();
  return { server, alice, bob, vault, session };
}

async function keptBy({ home }: Person, vault: Uint8Array): Promise<number> {
  const [server = ''] = await readdir(join(home.path, 'keyrings')).catch(() => []);
  if (server === '') return 0;
  return home.keyrings.newest({ server: Buffer.from(server, 'hex'), vault: formatVaultId(vault) });
}

/** A keyring with something else in it, signed anew by somebody. */
function forged(bytes: Uint8Array, signer: Person, change: CborMap): Uint8Array {
  const stored = Object.entries(decodeCbor(bytes) as CborMap);
  const unsigned = Object.fromEntries(stored.filter(([field]) => field !== 'signature'));
  const map = { ...unsigned, signer: signer.identity.publicKey, ...change };
  const signed = Buffer.concat([Buffer.from(labels.keyring), Buffer.from([0]), encodeCbor(map)]);
  return encodeCbor({ ...map, signature: signer.identity.sign(signed) });
}

describe('a session', () => {
  test('opens one’s own home with nothing but the key, at any machine', async () => {
    const server = await startVaultServer();
    const alice = await server.person('alice');
    await beginVault(alice, 'home', 'home');
    const elsewhere = await server.person('alice', { identity: alice.identity });
    for (const person of [alice, elsewhere, elsewhere]) {
      const vault = homeVaultId(person.identity);
      const session = await openVault(person, vault, { firstOwner: person.fingerprint });
      expect(session.opened.name).toBe('home');
      expect(session.role).toBe('owner');
      expect(session.id).toBe(formatVaultId(vault));
      expect(session.root).toBe(vaultPath(vault));
      expect(await keptBy(person, vault)).toBe(1);
    }
  });

  test('without a home folder remembers by itself', async () => {
    const { alice, bob, vault, session } = await team();
    const options = { firstOwner: alice.fingerprint, kept: undefined };
    const bobs = await openVault(bob, vault, options);
    expect(bobs.role).toBe('writer');
    expect(await keptBy(bob, vault)).toBe(0);
    await changeVault(alice, session, { name: 'crew' });
    expect(await bobs.refresh()).toBe(true);
    expect(bobs.opened.name).toBe('crew');
  });

  test('walks any number of keyrings, some of them at once, and keeps them all', async () => {
    const { alice, bob, vault, session } = await team();
    for (let turn = 0; turn < 20; turn++) {
      await changeVault(alice, session, { name: `team ${turn}` });
      await session.refresh();
    }
    const bobs = await openVault(bob, vault, { firstOwner: alice.fingerprint });
    expect(bobs.opened.keyring.sequence).toBe(22);
    expect(bobs.opened.name).toBe('team 19');
    expect(await keptBy(bob, vault)).toBe(22);
    expect(await keptBy(alice, vault)).toBe(22);
  });

  test('finds the newest keyring when it is told to, once for all who ask', async () => {
    const { alice, bob, vault, session } = await team();
    const bobs = await openVault(bob, vault, { firstOwner: alice.fingerprint });
    expect(await bobs.refresh()).toBe(false);
    const { sequence } = bobs.opened.keyring;
    const before = bobs.opened;
    await changeVault(alice, session, { newEpoch: true });
    const found = await Promise.all(Array.from({ length: 5 }, () => bobs.refresh()));
    expect(found).toEqual([true, true, true, true, true]);
    expect(await bobs.refresh({ than: sequence })).toBe(true);
    expect(await bobs.refresh()).toBe(false);
    expect(bobs.opened.keyring.epoch).toBe(2);
    // What is under way with the keyring before can end.
    expect(before.secrets.keysOf(1)).toEqual(bobs.opened.secrets.keysOf(1));
  });

  test('lets a reader read, and says so before anything is written', async () => {
    const { server, alice, vault, session } = await team();
    const carol = await server.person('carol');
    await changeVault(alice, session, { add: [{ card: carol.card, role: 'reader' }] });
    const carols = await openVault(carol, vault, { firstOwner: alice.fingerprint, label: 'crew' });
    const error = await failureOf(carols.prepareWriting());
    expect(error.code).toBe('not-allowed');
    expect(error.message).toContain('crew');
    await session.prepareWriting();
  });

  test('ends at once when its caller gives up', async () => {
    const { alice, bob, vault } = await team();
    const signal = AbortSignal.abort();
    const opening = openVault(bob, vault, { firstOwner: alice.fingerprint, signal });
    expect((await failureOf(opening)).code).toBe('aborted');
    const bobs = await openVault(bob, vault, { firstOwner: alice.fingerprint });
    expect((await failureOf(bobs.refresh({ signal }))).code).toBe('aborted');
    expect(await bobs.refresh()).toBe(false);
  });
});

describe('who began a vault', () => {
  test('is shown before anything is kept, and can be refused', async () => {
    const { alice, bob, vault } = await team();
    const shown: string[] = [];
    const refusal = new Error('no');
    const refuse = async (who: string): Promise<void> => {
      shown.push(who);
      throw refusal;
    };
    const error = await failureOf(openVault(bob, vault, { firstOwner: refuse }));
    expect(error.cause).toBe(refusal);
    expect(shown).toEqual([alice.fingerprint]);
    expect(await keptBy(bob, vault)).toBe(0);
    const accept = async (who: string): Promise<void> => {
      shown.push(who);
    };
    await openVault(bob, vault, { firstOwner: accept });
    expect(shown).toEqual([alice.fingerprint, alice.fingerprint]);
    expect(await keptBy(bob, vault)).toBe(2);
  });

  test('must be who was named, also when the vault is known already', async () => {
    const { bob, alice, vault } = await team();
    const wrong = { firstOwner: bob.fingerprint };
    expect((await failureOf(openVault(bob, vault, wrong))).code).toBe('integrity');
    expect(await keptBy(bob, vault)).toBe(0);
    await openVault(bob, vault, { firstOwner: alice.fingerprint });
    expect((await failureOf(openVault(bob, vault, wrong))).code).toBe('integrity');
  });

  test('is oneself at home: nobody else’s vault is taken for it', async () => {
    const server = await startVaultServer();
    const alice = await server.person('alice');
    const eve = await server.person('eve');
    const vault = homeVaultId(alice.identity);
    await beginVault(eve, 'home', 'home');
    const eves = await server.take(keyringPath(homeVaultId(eve.identity), 1));
    const members = [{ card: { ...alice.card }, role: 'owner' }] as unknown as CborMap[];
    for (const [signer, keyring] of [
      [eve, forged(eves, eve, { vault })],
      [eve, forged(eves, eve, { vault, members })],
    ] as const) {
      expect(signer).toBe(eve);
      await server.put(keyringPath(vault, 1), keyring);
      const error = await failureOf(openVault(alice, vault, { firstOwner: alice.fingerprint }));
      expect(['integrity', 'not-found']).toContain(error.code);
      expect(await keptBy(alice, vault)).toBe(0);
    }
  });
});

describe('a vault that is not there', () => {
  test('is not found, nor is one of others', async () => {
    const { server, alice, vault } = await team();
    const eve = await server.person('eve');
    for (const id of [vault, homeVaultId(eve.identity)]) {
      const error = await failureOf(openVault(eve, id, { firstOwner: alice.fingerprint }));
      expect(error.code).toBe('not-found');
    }
  });

  test('is not found any longer by who was removed, also while it is open', async () => {
    const { alice, bob, vault, session } = await team();
    const firstOwner = alice.fingerprint;
    const bobs = await openVault(bob, vault, { firstOwner });
    await changeVault(alice, session, { remove: [bob.identity.publicKey] });
    expect((await failureOf(bobs.refresh())).code).toBe('not-found');
    expect(bobs.role).toBe('writer');
    expect((await failureOf(openVault(bob, vault, { firstOwner }))).code).toBe('not-found');
  });

  test('opens again for who was removed and comes back', async () => {
    const { alice, bob, vault, session } = await team();
    const firstOwner = alice.fingerprint;
    await openVault(bob, vault, { firstOwner });
    await changeVault(alice, session, { remove: [bob.identity.publicKey] });
    await session.refresh();
    await changeVault(alice, session, { add: [{ card: bob.card, role: 'reader' }] });
    const bobs = await openVault(bob, vault, { firstOwner });
    expect(bobs.role).toBe('reader');
    expect(bobs.opened.keyring.epoch).toBe(2);
  });
});

describe('a server that deceives', () => {
  const refused = async (
    person: Person,
    vault: Uint8Array,
    firstOwner: string,
  ): Promise<string> => {
    const before = await keptBy(person, vault);
    const error = await failureOf(openVault(person, vault, { firstOwner }));
    expect(error.code).toBe('integrity');
    expect(await keptBy(person, vault)).toBe(before);
    return error.message;
  };

  test('cannot show an older state', async () => {
    const { server, alice, bob, vault, session } = await team();
    const firstOwner = alice.fingerprint;
    await changeVault(alice, session, { name: 'crew' });
    const bobs = await openVault(bob, vault, { firstOwner });
    await server.take(keyringPath(vault, 3));
    expect(await refused(bob, vault, firstOwner)).toContain('older state');
    expect((await failureOf(bobs.refresh())).code).toBe('integrity');
    expect(bobs.opened.name).toBe('crew');
  });

  test('cannot show another keyring under a number that was accepted', async () => {
    const { server, alice, bob, vault, session } = await team();
    const firstOwner = alice.fingerprint;
    const other = await changeVault(alice, session, { name: 'crew' });
    await openVault(bob, vault, { firstOwner });
    await server.take(keyringPath(vault, 3));
    // An owner helps, who makes two keyrings with one number.
    const mine = await changeVault(alice, session, { name: 'mine' });
    expect(await refused(bob, vault, firstOwner)).toContain('Another keyring 3');
    await server.put(keyringPath(vault, 3), other);
    await openVault(bob, vault, { firstOwner });
    await server.put(keyringPath(vault, 3), mine);
    const alices = await openVault(alice, vault, { firstOwner });
    await changeVault(alice, alices, { name: 'mine again' });
    expect(await refused(bob, vault, firstOwner)).toContain('Another keyring 3');
  });

  test('cannot leave one out', async () => {
    const { server, alice, bob, vault, session } = await team();
    await changeVault(alice, session, { name: 'crew' });
    await session.refresh();
    await changeVault(alice, session, { name: 'team' });
    await server.take(keyringPath(vault, 3));
    expect(await refused(bob, vault, alice.fingerprint)).toContain('keyring 3');
    await server.take(keyringPath(vault, 1));
    expect(await refused(bob, vault, alice.fingerprint)).toContain('keyring 1');
  });

  test('cannot put somebody in, nor alter anything', async () => {
    const { server, alice, bob, vault, session } = await team();
    await openVault(bob, vault, { firstOwner: alice.fingerprint });
    const eve = await server.person('eve');
    const next = await changeVault(alice, session, { name: 'crew' });
    const { members } = decodeCbor(next) as { members: CborMap[] };
    const withEve = [...members, { card: { ...eve.card }, role: 'owner' }] as unknown as CborMap[];
    const altered = Uint8Array.from(next);
    altered[altered.length - 100] = (altered[altered.length - 100] ?? 0) ^ 1;
    for (const bytes of [
      forged(next, eve, {}),
      forged(next, bob, {}),
      forged(next, eve, { members: withEve }),
      altered,
      next.subarray(1),
      new Uint8Array(0),
    ]) {
      await server.put(keyringPath(vault, 3), bytes);
      const error = await failureOf(openVault(bob, vault, { firstOwner: alice.fingerprint }));
      expect(error.code).not.toBe('not-allowed');
      expect(await keptBy(bob, vault)).toBe(2);
    }
    await server.put(keyringPath(vault, 3), next);
    await openVault(bob, vault, { firstOwner: alice.fingerprint });
    expect(await keptBy(bob, vault)).toBe(3);
  });

  test('cannot, with an owner, take away what earlier epochs are read with', async () => {
    const { alice, bob, vault, session } = await team();
    const firstOwner = alice.fingerprint;
    const bobs = await openVault(bob, vault, { firstOwner });
    // The same members with another secret, as no sound program makes it.
    const stranger = await beginVault(alice, 'other');
    const others = await openVault(alice, stranger, { firstOwner });
    const { opened } = session;
    const fraud = { ...opened, secrets: others.opened.secrets };
    await changeVault(alice, { opened: fraud } as unknown as VaultSession, {});
    expect(await refused(bob, vault, firstOwner)).toContain('secrets');
    // Not the second time, either.
    expect(await refused(bob, vault, firstOwner)).toContain('secrets');
    expect((await failureOf(bobs.refresh())).code).toBe('integrity');
    expect((await failureOf(bobs.refresh())).code).toBe('integrity');
    expect(bobs.opened.keyring.sequence).toBe(2);
  });

  test('cannot give two programs of one person different keyrings', async () => {
    const { server, alice, bob, vault, session } = await team();
    const firstOwner = alice.fingerprint;
    const one = await openVault(bob, vault, { firstOwner });
    const two = await openVault(bob, vault, { firstOwner });
    await changeVault(alice, session, { name: 'crew' });
    await one.refresh();
    await server.take(keyringPath(vault, 3));
    await changeVault(alice, session, { name: 'mine' });
    const error = await failureOf(two.refresh());
    expect(error.code).toBe('integrity');
    expect(two.opened.name).toBe('team');
    expect(fingerprint(two.identity.publicKey)).toBe(bob.fingerprint);
  });
});
