import { setTimeout as delay } from 'node:timers/promises';

import { ClientError, fingerprint, Vaults, type Client, type VaultTree } from '@e2eeftp/client';
import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { keyOf, Playground, type RunningServer } from './support/program.js';
import { isAlive, workersOf } from './support/worker-processes.js';

/** So many connections that every worker has some. */
const connectionsOfEach = 6;

let playground: Playground;
let server: RunningServer;
let toDispose: Disposable[] = [];

beforeEach(async () => {
  playground = await Playground.make();
});

afterEach(async () => {
  for (const one of toDispose) one[Symbol.dispose]();
  toDispose = [];
  await playground.remove();
});

/** Somebody who uses the server from several places, each with a connection of its own. */
interface Person {
  readonly fingerprint: string;
  readonly clients: readonly Client[];
  /** The vaults as they are seen from each place. */
  readonly places: readonly Vaults[];
}

async function person(identity: Identity, name: string): Promise<Person> {
  const clients = await Promise.all(
    Array.from({ length: connectionsOfEach }, () => playground.connect(server, identity)),
  );
  const places = clients.map((client) => new Vaults(client, { identity, name }));
  toDispose.push(...places);
  await places[0]?.publishCard(name);
  return { fingerprint: fingerprint(identity.publicKey), clients, places };
}

async function people<Name extends string>(...names: Name[]): Promise<Record<Name, Person>> {
  const identities = names.map(() => Identity.generate());
  for (const identity of identities) await playground.run(['authorize', keyOf(identity)]);
  server = await playground.start(['--workers', '3', '--request-rate', '0']);
  const all: Record<string, Person> = {};
  for (const [index, identity] of identities.entries()) {
    const name = names[index] ?? '';
    all[name] = await person(identity, name);
  }
  return all;
}

/** Gives a vault its name in all places of somebody who is a member by now. */
async function joinAll({ places }: Person, invitation: string): Promise<void> {
  for (const vaults of places) await vaults.join(invitation);
}

function trees({ places }: Person): Promise<VaultTree[]> {
  return Promise.all(places.map((vaults) => vaults.tree('team')));
}

function at({ places }: Person, index: number): Vaults {
  const vaults = places[index % places.length];
  if (!vaults) throw new Error('There is no such place');
  return vaults;
}

async function namesIn(tree: VaultTree): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of tree.list('', { recursive: true })) names.push(path);
  return names.sort();
}

async function membersSeen(vaults: Vaults): Promise<Record<string, string>> {
  await (await vaults.open('team')).refresh();
  const members = (await vaults.members('team')).list();
  return Object.fromEntries(members.map(({ name, role }) => [name, role]));
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof ClientError) return error.code;
    throw error;
  }
}

/** A team of two owners, Alice and Bob, who have joined it everywhere. */
async function team(alice: Person, bob: Person): Promise<{ id: string; invitation: string }> {
  const first = at(alice, 0);
  const { id } = await first.create('team');
  await (await first.members('team')).add(bob.fingerprint, 'owner');
  const invitation = await first.invitation('team');
  for (const vaults of alice.places.slice(1)) await vaults.join(invitation);
  await joinAll(bob, invitation);
  return { id, invitation };
}

test('two owners who write and change the members at once, through several workers, lose nothing', async () => {
  const { alice, bob, carol, dave } = await people('alice', 'bob', 'carol', 'dave');
  await team(alice, bob);
  const written: string[] = [];
  const write = async (who: Person, name: string, round: number): Promise<void> => {
    const all = await trees(who);
    await Promise.all(
      all.map(async (tree, index) => {
        const path = `${name}/${round}-${index}`;
        await tree.send(Buffer.from(path), path);
        written.push(path);
      }),
    );
  };
  for (const [name, who] of [['alice', alice] as const, ['bob', bob] as const]) {
    await (await trees(who))[0]?.mkdir(name);
  }
  for (let round = 0; round < 3; round++) {
    const byAlice = await at(alice, round).members('team');
    const byBob = await at(bob, round + 1).members('team');
    await Promise.all([
      write(alice, 'alice', round),
      write(bob, 'bob', round),
      round === 1
        ? byAlice.remove(carol.fingerprint)
        : byAlice.add(carol.fingerprint, 'reader').then(() => undefined),
      round === 1
        ? byBob.changeRole(dave.fingerprint, 'reader')
        : round === 0
          ? byBob.add(dave.fingerprint, 'writer')
          : byBob.changeRole(dave.fingerprint, 'owner'),
    ]);
  }
  const names = [...new Set(['alice', 'bob', ...written])].sort();
  for (const who of [alice, bob]) {
    for (const vaults of who.places) {
      expect(await membersSeen(vaults)).toEqual({
        ...{ alice: 'owner', bob: 'owner', carol: 'reader', dave: 'owner' },
      });
      expect((await vaults.open('team')).opened.keyring.sequence).toBe(8);
    }
    for (const tree of await trees(who)) {
      expect(await namesIn(tree)).toEqual(names);
    }
  }
  const [tree] = await trees(alice);
  for (const path of written) {
    expect((await tree?.getBytes(path))?.toString()).toBe(path);
    await tree?.remove(path);
  }
  for (const other of await trees(bob)) expect(await namesIn(other)).toEqual(['alice', 'bob']);
}, 100_000);

test('no worker goes on believing a keyring that another one has replaced', async () => {
  const { alice, bob, carol } = await people('alice', 'bob', 'carol');
  const { id, invitation } = await team(alice, bob);
  const byAlice = await at(alice, 0).members('team');
  const keyrings = `vaults/${id}/.keyring`;
  for (let round = 0; round < 2; round++) {
    await byAlice.add(carol.fingerprint, 'writer');
    if (round === 0) await joinAll(carol, invitation);
    for (const [index, tree] of (await trees(carol)).entries()) {
      await tree.send(Buffer.from('x'), `${round}-${index}`);
    }
    // Only what has not changed for a while is remembered.
    for (const client of carol.clients) {
      for (let etag = ''; ; await delay(50)) {
        const now = await client.stat(keyrings);
        if (now.etag === etag) break;
        etag = now.etag;
      }
      for await (const entry of client.list(`vaults/${id}`)) expect(entry.size).toBeDefined();
    }

    const { sequence } = (await at(alice, 0).open('team')).opened.keyring;
    const byBob = await at(bob, 0).members('team');
    await byBob.remove(carol.fingerprint);
    // Whoever writes for those who were members before is refused, whichever worker hears it.
    for (const { clients } of [alice, bob]) {
      for (const client of clients) {
        const stale = client.send(Buffer.from('x'), `vaults/${id}/AAAA`, { keyring: sequence });
        expect(await codeOf(stale)).toBe('conflict');
      }
    }
    for (const client of carol.clients) {
      expect(await codeOf(client.stat(`vaults/${id}`))).toBe('not-found');
      expect(await codeOf(client.mkdir(`vaults/${id}/AAAA`, { keyring: sequence }))).toBe(
        'not-found',
      );
      const listed: string[] = [];
      for await (const { path } of client.list('vaults')) listed.push(path);
      expect(listed).not.toContain(id);
    }
  }
}, 100_000);

test('a worker that dies in the middle loses nothing of a vault', async () => {
  const { alice, bob, carol } = await people('alice', 'bob', 'carol');
  await team(alice, bob);
  const done: string[] = [];
  const all = [...(await trees(alice)), ...(await trees(bob))];
  const work = all.map(async (tree, index) => {
    for (let round = 0; round < 4; round++) {
      const path = `${index}-${round}`;
      const code = await codeOf(tree.send(Buffer.alloc(300_000, path), path));
      // Whoever hears that it is there has it; whoever does not can send it again.
      if (code === undefined) done.push(path);
      else expect(code).toBe('disconnected');
    }
  });
  const victim = workersOf(server).findLast(isAlive);
  const change = codeOf((await at(bob, 1).members('team')).add(carol.fingerprint, 'reader'));
  process.kill(victim ?? 0, 'SIGKILL');
  await Promise.all(work);
  const code = await change;
  expect([undefined, 'disconnected']).toContain(code);
  expect(done.length).toBeGreaterThan(0);
  const [tree] = await trees(alice);
  for (const path of done) {
    expect((await tree?.getBytes(path))?.equals(Buffer.alloc(300_000, path))).toBe(true);
  }
  const roles = await membersSeen(at(alice, 0));
  if (code === undefined) expect(roles['carol']).toBe('reader');
  for (const vaults of [...alice.places, ...bob.places]) {
    expect(await membersSeen(vaults)).toEqual(roles);
  }
}, 100_000);
