import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';
import {
  homeVaultId,
  keyringPath,
  labels,
  makeFirstKeyring,
  makeNextKeyring,
  vaultLimits,
  type KeyringChange,
} from '@e2eeftp/vault';
import { beforeEach, describe, expect, test } from '@jest/globals';

import type { Vaults } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import {
  makeWorld,
  startHostile,
  treeOf,
  write,
  type Member,
  type World,
} from './hostile-world.js';
import { makePerson, vaultsOf, type Person } from './support.js';

expectNoUnhandledRejections();

let world: World;
let eve: Person;

/** Two keyrings are there, and Bob has accepted both. */
beforeEach(async () => {
  world = await makeWorld({ 'letter.txt': 'Dear Bob' });
  world.server.keepsRules = false;
  eve = await makePerson(world.server, 'eve');
});

function pathOf(sequence: number): string {
  return keyringPath(world.vault, sequence);
}

/** Signs a keyring anew with something else in it. */
function forged(bytes: Uint8Array, signer: Person, change: CborMap): Uint8Array {
  const stored = Object.entries(decodeCbor(bytes) as CborMap);
  const unsigned = Object.fromEntries(stored.filter(([field]) => field !== 'signature'));
  const map = { ...unsigned, signer: signer.identity.publicKey, ...change };
  const signed = Buffer.concat([Buffer.from(labels.keyring), Buffer.from([0]), encodeCbor(map)]);
  return encodeCbor({ ...map, signature: signer.identity.sign(signed) });
}

/** A keyring that a member makes who is no owner. */
async function madeBy({ session, identity }: Member, change: KeyringChange): Promise<Uint8Array> {
  const { opened } = session;
  const members = opened.keyring.members.map((member) => ({ ...member, role: 'owner' as const }));
  const asOwner = { ...opened, keyring: { ...opened.keyring, members } };
  return makeNextKeyring(asOwner, identity, change);
}

function next(change: KeyringChange): Promise<Uint8Array> {
  return makeNextKeyring(world.alice.session.opened, world.alice.identity, change);
}

function membersOf(bytes: Uint8Array): CborMap[] {
  return (decodeCbor(bytes) as unknown as { members: CborMap[] }).members;
}

function withMember(bytes: Uint8Array, { card }: Person, role: string): CborMap {
  const members = [...membersOf(bytes), { card: { ...card }, role }] as CborMap[];
  const keyOf = ({ card: one }: CborMap): string =>
    Buffer.from((one as unknown as { identity: Uint8Array }).identity).toString('hex');
  members.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  return { members };
}

/** Bob's next run refuses the vault, and the one that is under way goes on as it was. */
async function expectRefused(says: RegExp): Promise<void> {
  const { bob } = world;
  const later = await failureOf(vaultsOf(bob).open('team'));
  expect([later.code, later.message]).toEqual(['integrity', expect.stringMatching(says)]);
  const now = await failureOf(bob.session.refresh());
  expect([now.code, now.message]).toEqual(['integrity', expect.stringMatching(says)]);
  expect(bob.session.opened.keyring.sequence).toBe(2);
  const members = (await bob.vaults.members('team')).list();
  expect(members.map(({ name }) => name).sort()).toEqual(['alice', 'bob']);
  expect(String(await treeOf(bob).getBytes('letter.txt'))).toBe('Dear Bob');
}

/** And nothing that is written from now on can be read by Eve. */
async function expectClosedTo(vaults: Vaults): Promise<void> {
  const { alice } = world;
  const joining = vaults.join(await alice.vaults.invitation('team'));
  expect(['integrity', 'not-allowed']).toContain((await failureOf(joining)).code);
}

describe('a keyring that puts somebody in', () => {
  test.each([
    [
      'the stranger herself',
      async (bytes: Uint8Array) => forged(bytes, eve, withMember(bytes, eve, 'owner')),
    ],
    [
      'a writer',
      async (bytes: Uint8Array) => forged(bytes, world.bob, withMember(bytes, eve, 'writer')),
    ],
    [
      'nobody',
      async (bytes: Uint8Array) => {
        const { publicKey } = world.alice.identity;
        return forged(bytes, eve, { ...withMember(bytes, eve, 'owner'), signer: publicKey });
      },
    ],
    [
      'a writer who calls himself an owner',
      async () => madeBy(world.bob, { add: [{ card: eve.card, role: 'owner' }] }),
    ],
  ])('signed by %s is refused', async (_, forge) => {
    const { server } = world;
    await server.disk.write(pathOf(3), await forge(await next({ name: 'crew' })));
    await expectRefused(/keyring|signed/u);
    await expectClosedTo(vaultsOf(eve));
    // Nor does the owner go on from there.
    const members = await world.alice.vaults.members('team');
    expect((await failureOf(members.changeRole('bob', 'reader'))).code).toBe('integrity');
  });

  test('in the keyring that was accepted is refused', async () => {
    const { server } = world;
    const bytes = await server.disk.read(pathOf(2));
    await server.disk.write(pathOf(2), forged(bytes, eve, withMember(bytes, eve, 'owner')));
    const error = await failureOf(vaultsOf(world.bob).open('team'));
    expect(error.code).toBe('integrity');
    expect(error.message).toContain('keyring 2');
  });

  test('in the first keyring is refused by who joins', async () => {
    const { server, alice, bob } = world;
    const bytes = await server.disk.read(pathOf(1));
    await server.disk.write(pathOf(1), forged(bytes, eve, withMember(bytes, eve, 'owner')));
    const elsewhere = await makePerson(server, 'bob', { identity: bob.identity });
    const joining = vaultsOf(elsewhere).join(await alice.vaults.invitation('team'));
    const error = await failureOf(joining);
    expect(error.code).toBe('integrity');
    expect(error.message).toContain(alice.fingerprint);
  });

  test('by another key on a member’s card is refused', async () => {
    const { server, bob } = world;
    const bytes = await next({ name: 'crew' });
    const members = membersOf(bytes).map((member) => {
      const card = member['card'] as CborMap;
      return card['name'] === 'bob'
        ? { ...member, card: { ...card, recipient: eve.sealing.recipient } }
        : member;
    });
    for (const signer of [eve, bob, world.alice]) {
      await server.disk.write(pathOf(3), forged(bytes, signer, { members }));
      await expectRefused(/keyring|card/u);
    }
  });
});

describe('a keyring', () => {
  test('that is missing is missed: the newest', async () => {
    await world.server.disk.remove(pathOf(2));
    await expectRefused(/older state/u);
  });

  test('that is missing is missed: one in between', async () => {
    const { alice, server } = world;
    await (await alice.vaults.members('team')).changeRole('bob', 'owner');
    await (await alice.vaults.members('team')).changeRole('bob', 'writer');
    await server.disk.remove(pathOf(3));
    await expectRefused(/keyring 3/u);
  });

  test('that is missing is missed: all of them', async () => {
    const { server, bob } = world;
    await server.disk.remove(`${world.root}/.keyring`);
    const error = await failureOf(vaultsOf(bob).open('team'));
    expect(error.code).toBe('not-found');
    expect(error.message).toContain(bob.session.id);
  });

  test('of an earlier number under a later one is refused', async () => {
    await world.server.disk.copy(pathOf(2), pathOf(3));
    await expectRefused(/keyring/u);
    await world.server.disk.copy(pathOf(1), pathOf(3));
    await expectRefused(/keyring/u);
  });

  test('of another vault is refused', async () => {
    const { server, alice } = world;
    const { id } = await alice.vaults.create('other');
    await server.disk.copy(`vaults/${id}/.keyring/1`, pathOf(3));
    await expectRefused(/vault/u);
  });

  test('that was altered, cut, or is none at all is refused', async () => {
    const bytes = Buffer.from(await next({ name: 'crew' }));
    const altered = Buffer.from(bytes);
    altered[bytes.length - 100] = (altered[bytes.length - 100] ?? 0) ^ 1;
    for (const wrong of [
      altered,
      bytes.subarray(0, -1),
      Buffer.concat([bytes, bytes]),
      Buffer.from('x'),
    ]) {
      await world.server.disk.write(pathOf(3), wrong);
      await expectRefused(/keyring/u);
    }
    await world.server.disk.write(pathOf(3), bytes);
    expect(await world.bob.session.refresh()).toBe(true);
  });

  test('that is longer than any can be is not even fetched', async () => {
    const { server, bob } = world;
    await server.disk.write(pathOf(3), Buffer.alloc(vaultLimits.keyring + 1));
    const error = await failureOf(bob.session.refresh());
    expect([error.code, error.message]).toEqual([
      'too-large',
      expect.stringContaining('.keyring/3'),
    ]);
    expect(bob.session.opened.keyring.sequence).toBe(2);
  });

  test('is two at once: each member hears of the other when they meet', async () => {
    const { server, alice, bob } = world;
    const [one, other] = [await next({ name: 'one' }), await next({ name: 'other' })];
    await server.disk.write(pathOf(3), one);
    await bob.session.refresh();
    await server.disk.write(pathOf(3), other);
    await alice.session.refresh();
    const error = await failureOf(vaultsOf(bob).open('team'));
    expect(error.code).toBe('integrity');
    expect(error.message).toContain('keyring 3');
  });

  test('that somebody was put out by is not undone by an older one under a new number', async () => {
    const { server, alice, bob } = world;
    const before = await server.disk.read(pathOf(2));
    await (await alice.vaults.members('team')).remove('bob');
    await write(alice, { 'secret.txt': 'not for Bob' });
    await server.disk.write(pathOf(4), before);
    const error = await failureOf(vaultsOf(alice).open('team'));
    expect(error.code).toBe('integrity');
    // Nor does it help him that the server says he is a member.
    await server.disk.remove(pathOf(4));
    expect((await failureOf(vaultsOf(bob).open('team'))).code).toBe('not-allowed');
    await server.disk.remove(pathOf(3));
    expect((await failureOf(vaultsOf(bob).open('team'))).code).toBe('integrity');
  });
});

describe('who is no owner any more, and the server', () => {
  test('cannot make the next keyring', async () => {
    const { server, alice, bob } = world;
    const members = await alice.vaults.members('team');
    await members.changeRole('bob', 'owner');
    await bob.session.refresh();
    const late = await makeNextKeyring(bob.session.opened, bob.identity, {
      add: [{ card: eve.card, role: 'owner' }],
    });
    await members.changeRole('bob', 'reader');
    // His keyring continues one that has been continued otherwise.
    await server.disk.write(pathOf(5), late);
    const error = await failureOf(vaultsOf(alice).open('team'));
    expect(error.code).toBe('integrity');
    await server.disk.write(pathOf(4), late);
    await server.disk.remove(pathOf(5));
    expect((await failureOf(vaultsOf(alice).open('team'))).message).toContain('keyring 4');
  });
});

describe('one’s home', () => {
  test('is no vault that somebody else began, at a new machine either', async () => {
    const { server, person } = await startHostile();
    server.keepsRules = false;
    const [alice, mallory] = await Promise.all([person('alice'), person('mallory')]);
    const vault = homeVaultId(alice.identity);
    await vaultsOf(mallory).open('home');
    const { bytes } = await makeFirstKeyring({
      owner: mallory.identity,
      card: mallory.card,
      name: 'home',
      kind: 'home',
    });
    const path = keyringPath(vault, 1);
    await alice.client.mkdir(path.slice(0, path.lastIndexOf('/')));
    const members = [
      { card: { ...alice.card }, role: 'owner' },
      { card: { ...mallory.card }, role: 'owner' },
    ].sort((one, other) => Buffer.compare(one.card.identity, other.card.identity));
    for (const wrong of [
      bytes,
      forged(bytes, mallory, { vault }),
      forged(bytes, mallory, { vault, members }),
      forged(bytes, mallory, {
        vault,
        members,
        signer: alice.identity.publicKey,
      }),
    ]) {
      await server.disk.write(path, wrong);
      const error = await failureOf(vaultsOf(alice).open('home'));
      expect([error.code, error.message]).toEqual(['integrity', expect.stringContaining('home')]);
      expect(Buffer.compare(await server.disk.read(path), wrong)).toBe(0);
    }
  });
});
