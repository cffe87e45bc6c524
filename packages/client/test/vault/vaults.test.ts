import { fingerprint } from '@e2eeftp/crypto';
import { builtinCommands } from '@e2eeftp/server';
import { encodeCard, formatVaultId, homeVaultId, keyringPath, makeCard } from '@e2eeftp/vault';
import { describe, expect, test } from '@jest/globals';

import { ClientError, Identity, Vaults } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { startPair } from '../tree/support.js';
import { startVaultServer, vaultsOf, type Person, type VaultServer } from './support.js';

expectNoUnhandledRejections();

interface Team {
  readonly server: VaultServer;
  readonly alice: Person;
  readonly bob: Person;
  readonly alices: Vaults;
  readonly bobs: Vaults;
}

/** Alice and Bob, who have both published their cards. */
async function people(): Promise<Team> {
  const server = await startVaultServer();
  const alice = await server.person('alice');
  const bob = await server.person('bob');
  const [alices, bobs] = [vaultsOf(alice), vaultsOf(bob)];
  await bobs.publishCard();
  return { server, alice, bob, alices, bobs };
}

/** With a vault of Alice's that Bob has joined as a writer. */
async function team(): Promise<Team> {
  const all = await people();
  const { alices, bobs, bob } = all;
  await alices.create('team');
  await (await alices.members('team')).add(bob.fingerprint, 'writer');
  await bobs.join(await alices.invitation('team'));
  return all;
}

async function rolesIn(vaults: Vaults, name = 'team'): Promise<Record<string, string>> {
  const members = await vaults.members(name);
  return Object.fromEntries(members.list().map((member) => [member.name, member.role]));
}

describe('one’s home', () => {
  test('is there at first use, with nothing asked', async () => {
    const { alices, alice } = await people();
    expect(await alices.list()).toEqual([]);
    const session = await alices.open('home');
    expect(session.id).toBe(formatVaultId(homeVaultId(alice.identity)));
    expect(await rolesIn(alices, 'home')).toEqual({ alice: 'owner' });
    expect(await alices.open('home')).toBe(session);
    expect(await vaultsOf(alice).open('home')).toMatchObject({ id: session.id });
    const [summary] = await alices.list();
    expect(summary).toMatchObject({ alias: 'home', inside: { role: 'owner', members: 1 } });
  });

  test('is one when several programs make it at the same time', async () => {
    const { server, alice } = await people();
    const machines = await Promise.all(
      Array.from({ length: 6 }, () => server.person('alice', { identity: alice.identity })),
    );
    const sessions = await Promise.all(machines.map((machine) => vaultsOf(machine).open('home')));
    const keys = sessions.map(({ opened }) => Buffer.from(opened.secrets.keysOf(1).wrapKey));
    for (const key of keys) expect(key).toEqual(keys[0]);
    expect(sessions.every(({ opened }) => opened.keyring.sequence === 1)).toBe(true);
  });

  test('is not made anew when the server has lost it', async () => {
    const { server, alices, alice } = await people();
    await alices.open('home');
    await server.take(keyringPath(homeVaultId(alice.identity), 1));
    expect((await failureOf(vaultsOf(alice).open('home'))).code).toBe('not-found');
  });

  test('cannot be left, nor joined under another name', async () => {
    const { alices } = await people();
    const { id } = await alices.open('home');
    expect((await failureOf(alices.leave('home'))).code).toBe('bad-name');
    expect((await failureOf(alices.join(id))).code).toBe('conflict');
    expect(await alices.invitation('home')).toContain(id);
  });

  test('publishes the card by which others add one', async () => {
    const { alices, alice, bobs } = await people();
    await alices.open('home');
    await bobs.create('team');
    const { member } = await (await bobs.members('team')).add(alice.fingerprint, 'reader');
    expect(member).toMatchObject({ name: 'alice', role: 'reader', isSelf: false });
  });
});

describe('a vault of several', () => {
  test('is made, joined and used under its name', async () => {
    const { alices, bobs, bob } = await team();
    expect(await rolesIn(alices)).toEqual({ alice: 'owner', bob: 'writer' });
    expect(await rolesIn(bobs)).toEqual({ alice: 'owner', bob: 'writer' });
    expect((await bobs.open('team')).role).toBe('writer');
    const again = vaultsOf(bob);
    const [summary] = await again.list();
    expect(summary).toMatchObject({
      alias: 'team',
      inside: { name: 'team', role: 'writer', members: 2, epoch: 1 },
    });
  });

  test('is joined by its id only by who says yes to who began it', async () => {
    const { alices, bobs, bob, alice } = await people();
    const { id } = await alices.create('team');
    await (await alices.members('team')).add(bob.fingerprint, 'writer');
    expect((await failureOf(bobs.join(id))).message).toContain(alice.fingerprint);
    const shown: string[] = [];
    const refusal = new ClientError('aborted', 'no');
    const refuse = async (who: string): Promise<void> => {
      shown.push(who);
      throw refusal;
    };
    expect(await failureOf(bobs.join(id, { confirm: refuse }))).toBe(refusal);
    expect(shown).toEqual([alice.fingerprint]);
    expect((await bobs.list())[0]).toMatchObject({ id, alias: undefined, inside: undefined });
    expect((await failureOf(bobs.open('team'))).code).toBe('not-found');
    const confirm = async (): Promise<void> => undefined;
    const joined = await bobs.join(` ${id}\n`, { confirm, alias: 'crew' });
    expect(joined).toMatchObject({ alias: 'crew', inside: { name: 'team' } });
    expect((await bobs.open('crew')).id).toBe(id);
    expect((await failureOf(bobs.join(id, { confirm, alias: 'again' }))).code).toBe('conflict');
  });

  test('is not joined with a false invitation, nor by a stranger', async () => {
    const { server, alices, bobs, bob } = await team();
    const invitation = await alices.invitation('team');
    const eve = vaultsOf(await server.person('eve'));
    expect((await failureOf(eve.join(invitation))).code).toBe('not-found');
    const parts = invitation.split(':');
    const forged = [parts[0], parts[1], bob.fingerprint].join(':');
    const late = vaultsOf(await server.person('bob', { identity: bob.identity }));
    expect((await failureOf(late.join(forged))).code).toBe('integrity');
    expect((await failureOf(bobs.join(forged))).code).toBe('integrity');
    for (const wrong of ['', 'team', 'e2eeftp-vault:x:y', `${invitation}x`]) {
      expect((await failureOf(late.join(wrong))).code).toBe('bad-name');
    }
  });

  test('has a name of its own here', async () => {
    const { alices, bobs, alice } = await team();
    expect((await failureOf(alices.create('team'))).code).toBe('conflict');
    for (const wrong of ['home', 'plain', 'a:b', 'a/b', '']) {
      expect((await failureOf(alices.create(wrong))).code).toBe('bad-name');
    }
    await bobs.create('crew');
    await (await bobs.members('crew')).add(alice.fingerprint, 'reader').catch(() => undefined);
    const invitation = await bobs.invitation('crew');
    expect((await failureOf(alices.join(invitation, { alias: 'team' }))).code).toBe('conflict');
    expect((await failureOf(alices.join(invitation, { alias: 'plain' }))).code).toBe('bad-name');
    await alices.join(invitation);
    expect((await alices.open('crew')).role).toBe('reader');
  });

  test('is left by who wants no more of it, who can come back', async () => {
    const { alices, bobs, bob } = await team();
    const inside = await bobs.leave('team');
    expect(inside).toMatchObject({ role: 'writer', members: 2 });
    expect((await failureOf(bobs.open('team'))).code).toBe('not-found');
    expect((await failureOf(bobs.leave('team'))).code).toBe('not-found');
    await bobs.join(await alices.invitation('team'));
    await bobs.leave('team', { forget: true });
    const server = bob.client.greeting.facts.peerIdentity;
    const { id } = await alices.open('team');
    expect(await bob.home.keyrings.newest({ server, vault: id })).toBe(0);
    await bobs.join(await alices.invitation('team'));
    expect((await bobs.open('team')).role).toBe('writer');
  });

  test('is left also when it cannot be opened any longer', async () => {
    const { alices, bobs, bob } = await team();
    await (await alices.members('team')).remove('bob');
    const later = vaultsOf(bob);
    const [summary] = await later.list();
    expect(summary).toMatchObject({ alias: 'team', inside: undefined });
    expect(summary?.problem?.code).toBe('not-found');
    expect(await later.leave('team')).toBeUndefined();
    expect(await vaultsOf(bob).list()).toEqual([]);
    expect(await bobs.invitation('home')).toBeDefined();
  });
});

describe('members', () => {
  test('get other roles, and are removed', async () => {
    const { alices, bobs, bob } = await team();
    const members = await alices.members('team');
    expect(await members.changeRole('bob', 'reader')).toMatchObject({ role: 'reader' });
    expect((await alices.open('team')).opened.keyring.epoch).toBe(2);
    expect(await members.changeRole('bob', 'reader')).toMatchObject({ role: 'reader' });
    expect((await alices.open('team')).opened.keyring.sequence).toBe(3);
    await members.changeRole(bob.fingerprint.toLowerCase(), 'owner');
    const session = await bobs.open('team');
    await session.refresh();
    await (await bobs.members('team')).changeRole('alice', 'writer');
    const stale = await failureOf(members.changeRole('bob', 'reader'));
    expect(stale.code).toBe('not-allowed');
    expect(await rolesIn(alices)).toEqual({ alice: 'writer', bob: 'owner' });
    const gone = await (await bobs.members('team')).remove('alice');
    expect(gone.name).toBe('alice');
    expect(await rolesIn(bobs)).toEqual({ bob: 'owner' });
    expect(session.opened.keyring.epoch).toBe(3);
  });

  test('do not remove themselves, nor leave a vault without an owner', async () => {
    const { alices, bobs } = await team();
    const members = await alices.members('team');
    expect((await failureOf(members.remove('alice'))).code).toBe('conflict');
    expect((await failureOf(members.changeRole('alice', 'reader'))).code).toBe('conflict');
    expect((await failureOf(members.remove('carol'))).code).toBe('not-found');
    expect((await failureOf(members.changeRole('carol', 'owner'))).code).toBe('not-found');
    const theirs = await bobs.members('team');
    expect((await failureOf(theirs.remove('alice'))).code).toBe('not-allowed');
    expect((await failureOf(theirs.changeRole('bob', 'owner'))).code).toBe('not-allowed');
    expect(await rolesIn(alices)).toEqual({ alice: 'owner', bob: 'writer' });
  });

  test('are added by fingerprint, and then by the name that it gave them', async () => {
    const { alices, bob } = await people();
    await alices.create('one');
    await alices.create('two');
    const one = await alices.members('one');
    expect((await failureOf(one.add('bob', 'reader'))).code).toBe('not-found');
    const spoken = bob.fingerprint.toLowerCase().replaceAll('-', ' ');
    expect(await one.add(spoken, 'reader')).toMatchObject({ isTied: true });
    expect((await failureOf(one.add('bob', 'reader'))).code).toBe('conflict');
    await (await alices.members('two')).add('bob', 'owner');
    expect(await rolesIn(alices, 'two')).toEqual({ alice: 'owner', bob: 'owner' });
  });

  test('who call themselves alike are told apart', async () => {
    const { server, alices, bob } = await team();
    const rival = await server.person('bob');
    await vaultsOf(rival).publishCard();
    const members = await alices.members('team');
    expect(await members.add(rival.fingerprint, 'owner')).toMatchObject({ isTied: false });
    const error = await failureOf(members.remove('bob'));
    expect(error.code).toBe('conflict');
    expect(error.message).toContain(bob.fingerprint);
    expect(error.message).toContain(rival.fingerprint);
    await members.remove(rival.fingerprint);
    await members.remove('bob');
    expect(await rolesIn(alices)).toEqual({ alice: 'owner' });
  });

  test('have cards of their own: the server’s word is not enough', async () => {
    const { server, alices, alice } = await people();
    await alices.create('team');
    const carol = await server.person('carol');
    const members = await alices.members('team');
    expect((await failureOf(members.add(carol.fingerprint, 'reader'))).message).toContain('card');
    const eve = await server.person('eve');
    const cards = [eve.card, { ...carol.card, recipient: eve.card.recipient }];
    for (const card of cards) {
      const bytes = encodeCard(card);
      const error = await failureOf(members.add(carol.fingerprint, 'reader', { card: bytes }));
      expect(error.code).toBe('integrity');
    }
    const nonsense = { card: Buffer.from('x') };
    expect((await failureOf(members.add(carol.fingerprint, 'reader', nonsense))).code).toBe(
      'integrity',
    );
    await members.add(carol.fingerprint, 'reader', { card: encodeCard(carol.card) });
    expect(await rolesIn(alices)).toEqual({ alice: 'owner', carol: 'reader' });
    expect(fingerprint(alice.identity.publicKey)).toBe(alice.fingerprint);
  });

  test('whom two owners add at the same time are all there', async () => {
    const { server, alices, bobs } = await team();
    await (await alices.members('team')).changeRole('bob', 'owner');
    await (await bobs.open('team')).refresh();
    const both = await Promise.all([alices.members('team'), bobs.members('team')]);
    const added = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const person = await server.person(`person ${index}`);
        const card = encodeCard(person.card);
        const members = both[index % 2] ?? both[0];
        return (await members.add(person.fingerprint, 'reader', { card })).member.name;
      }),
    );
    await (await alices.open('team')).refresh();
    const names = Object.keys(await rolesIn(alices));
    expect(names.sort()).toEqual([...added, 'alice', 'bob'].sort());
    expect((await alices.open('team')).opened.keyring.sequence).toBe(9);
  });

  test('are whom the keyring in force says, for an owner who has looked before', async () => {
    const { server, alices, bobs, bob } = await team();
    const carol = await server.person('carol');
    await vaultsOf(carol).publishCard();
    const byAlice = await alices.members('team');
    await byAlice.changeRole('bob', 'owner');
    await (await bobs.open('team')).refresh();
    const byBob = await bobs.members('team');
    await byAlice.add(carol.fingerprint, 'reader');
    expect(await byBob.changeRole('carol', 'writer')).toMatchObject({ role: 'writer' });
    await byAlice.remove(carol.fingerprint);
    expect((await byBob.add(carol.fingerprint, 'reader')).member.role).toBe('reader');
    expect((await byAlice.remove('carol')).role).toBe('reader');
    const added = await failureOf(byBob.add(bob.fingerprint, 'reader'));
    expect(added.code).toBe('conflict');
    expect((await failureOf(byBob.remove('carol'))).code).toBe('not-found');
  });

  test('are shown under the name that they chose last, to whom they come later', async () => {
    const { alices, bobs, bob } = await people();
    await bobs.publishCard('Robert');
    expect((await bobs.publishCard()).name).toBe('Robert');
    await alices.create('team');
    await (await alices.members('team')).add(bob.fingerprint, 'reader');
    expect(await rolesIn(alices)).toEqual({ alice: 'owner', Robert: 'reader' });
    expect((await failureOf(bobs.publishCard('a/b'))).code).toBe('bad-name');
  });
});

describe('a server that deceives', () => {
  /** A client whose server answers CARD as it likes. */
  function withCards(person: Person, card: Uint8Array): Vaults {
    const client = new Proxy(person.client, {
      get(target, key) {
        if (key === 'request') return async () => ({ status: 200, result: { card } });
        const value: unknown = Reflect.get(target, key, target);
        const bound: unknown = typeof value === 'function' ? value.bind(target) : value;
        return bound;
      },
    });
    return new Vaults(client, { identity: person.identity, home: person.home });
  }

  test('cannot have somebody else added, nor a key of its own', async () => {
    const { server, alices, alice, bob } = await people();
    await alices.create('team');
    const eve = await server.person('eve');
    const claims = [
      eve.card,
      makeCard(eve.identity, bob.sealing, 'bob'),
      { ...bob.card, recipient: eve.sealing.recipient },
      { ...bob.card, name: 'eve' },
    ];
    for (const card of claims) {
      using hostile = withCards(alice, encodeCard(card));
      const members = await hostile.members('team');
      expect((await failureOf(members.add(bob.fingerprint, 'writer'))).code).toBe('integrity');
    }
    expect(await rolesIn(alices)).toEqual({ alice: 'owner' });
  });

  test('cannot give one a card that one did not make', async () => {
    const { server, alice, bob } = await people();
    const eve = await server.person('eve');
    const own = makeCard(alice.identity, eve.sealing, 'alice');
    for (const card of [encodeCard(bob.card), encodeCard(own), Buffer.from('x')]) {
      using hostile = withCards(alice, card);
      const session = await hostile.open('home');
      const [member] = session.opened.keyring.members;
      expect(member?.card.recipient).toEqual(alice.sealing.recipient);
      await alice.client.remove(session.root, { recursive: true });
      await alice.home.keyrings.forget({
        server: alice.client.greeting.facts.peerIdentity,
        vault: session.id,
      });
    }
  });

  test('shows vaults that are not joined by their ids alone', async () => {
    const { alices, bobs, bob } = await people();
    const { id } = await alices.create('team');
    await (await alices.members('team')).add(bob.fingerprint, 'reader');
    expect(await bobs.list()).toEqual([
      { id, alias: undefined, inside: undefined, problem: undefined },
    ]);
  });
});

test('a server without vaults says so, and what to do', async () => {
  const commands = builtinCommands.filter(({ name }) => name !== 'CARD');
  const { client } = await startPair({ commands });
  using vaults = new Vaults(client, { identity: Identity.generate() });
  for (const attempt of [
    () => vaults.open('home'),
    () => vaults.list(),
    () => vaults.create('x'),
  ]) {
    const error = await failureOf(attempt());
    expect(error.code).toBe('bad-request');
    expect(error.message).toContain('plain:');
  }
});
