import { join } from 'node:path';

import { homeVaultId, keyringPath } from '@e2eeftp/vault';
import { describe, expect, test } from '@jest/globals';

import { syncDown } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { readTree } from '../tree/support.js';
import { forge, inTheNameOf } from './forged-file.js';
import {
  listed,
  makeWorld,
  outcomesOf,
  receiveTree,
  startHostile,
  storedPath,
  treeOf,
  write,
} from './hostile-world.js';
import { makePerson, vaultsOf } from './support.js';

expectNoUnhandledRejections();

const letter = { 'letter.txt': 'Dear Bob' };

describe('what cannot be noticed: the server', () => {
  test('withholds a file, or a folder with all that is in it', async () => {
    const world = await makeWorld({ ...letter, 'photos/one.bin': 'a photo' });
    const { server, bob } = world;
    const hidden = [await storedPath(world, 'letter.txt'), await storedPath(world, 'photos')];
    server.lieInListings((entries, folder) =>
      entries.filter(({ path }) => !hidden.includes(`${folder}/${path}`)),
    );
    expect(await listed(bob)).toEqual({});
    expect((await failureOf(treeOf(bob).getBytes('letter.txt'))).code).toBe('not-found');
  });

  test('deletes a file', async () => {
    const world = await makeWorld({ ...letter, 'report.txt': 'All is well' });
    await world.server.disk.remove(await storedPath(world, 'report.txt'));
    expect(await listed(world.bob)).toEqual({ 'letter.txt': 'file' });
  });

  test('brings back an older version, and takes away what has replaced it', async () => {
    const world = await makeWorld(letter);
    const { server, alice, bob } = world;
    const older = await storedPath(world, 'letter.txt');
    const kept = await server.disk.keep(older);
    await write(alice, { 'letter.txt': 'Dear Bob, never mind' });
    // Whoever has seen the newer one is no better off, as nobody keeps what files there were.
    const tree = treeOf(bob);
    expect(String(await tree.getBytes('letter.txt'))).toBe('Dear Bob, never mind');
    await server.disk.remove(await storedPath(world, 'letter.txt'));
    await kept.replay();
    await outcomesOf(bob, letter);
    expect(String(await treeOf(bob).getBytes('letter.txt'))).toBe('Dear Bob');
  });

  test('brings back a folder, or all of the vault, as it was', async () => {
    const world = await makeWorld({ 'plans/one.txt': 'a plan' });
    const { server, alice, bob } = world;
    const kept = await server.disk.keep(world.root);
    await write(alice, { 'plans/one.txt': 'another plan', 'plans/two.txt': 'more', ...letter });
    await kept.replay();
    expect(await outcomesOf(bob, { 'plans/one.txt': 'a plan' })).toEqual({
      'plans/one.txt': 'received',
    });
    expect(Object.keys(await listed(bob))).toEqual(['plans', 'plans/one.txt']);
  });

  test('undoes a renaming', async () => {
    const world = await makeWorld(letter);
    const { server, alice, bob } = world;
    const before = await storedPath(world, 'letter.txt');
    await treeOf(alice).rename('letter.txt', 'old letter.txt');
    await server.disk.move(await storedPath(world, 'old letter.txt'), before);
    expect(await outcomesOf(bob, letter)).toEqual({ 'letter.txt': 'received' });
    expect(await listed(bob)).toEqual({ 'letter.txt': 'file' });
  });

  test('brings back a version that was replaced more than four times since, as a conflict', async () => {
    const world = await makeWorld(letter);
    const { server, alice, bob } = world;
    const kept = await server.disk.keep(await storedPath(world, 'letter.txt'));
    const stored = await storedPath(world, 'letter.txt');
    for (let turn = 1; turn <= 4; turn++) await write(alice, { 'letter.txt': `Version ${turn}` });
    await kept.replayAt(stored);
    // As long as the file that is in force names it.
    expect(await outcomesOf(bob, { 'letter.txt': 'Version 4' })).toEqual({
      'letter.txt': 'received',
    });
    expect(await listed(bob)).toEqual({ 'letter.txt': 'file' });
    await server.disk.remove(stored);
    await write(alice, { 'letter.txt': 'Version 5' });
    await kept.replayAt(stored);
    const shown: unknown[] = [];
    for await (const { isConflict } of treeOf(bob).list('')) shown.push(isConflict);
    expect(shown).toEqual([true, true]);
  });

  test('calls a file a folder, which is empty then', async () => {
    const world = await makeWorld(letter);
    const stored = await storedPath(world, 'letter.txt');
    world.server.lieInListings((entries, folder) =>
      entries.map((entry) =>
        `${folder}/${entry.path}` === stored ? { ...entry, type: 'directory', size: 0 } : entry,
      ),
    );
    expect(await listed(world.bob)).toEqual({ 'letter.txt': 'directory' });
    const { local, result } = await receiveTree(world.bob);
    expect(local).toEqual({ 'letter.txt': undefined });
    expect(result.failed).toBe(0);
  });

  test('gives a file another time and size in listings, so that a comparison by them passes it over', async () => {
    const world = await makeWorld(letter);
    const { server, alice, bob } = world;
    const folder = join(await makeFolder(), 'mirror');
    await syncDown(treeOf(bob), '', folder);
    let before = { size: 0, mtime: 0 };
    for await (const { size, mtime } of bob.client.list(world.root)) before = { size, mtime };
    await write(alice, { 'letter.txt': 'Dear Bob, never mind' });
    const stored = await storedPath(world, 'letter.txt');
    server.lieInListings((entries, listedFolder) =>
      entries.map((entry) =>
        `${listedFolder}/${entry.path}` === stored ? { ...entry, ...before } : entry,
      ),
    );
    expect(await syncDown(treeOf(bob), '', folder)).toMatchObject({ unchanged: 1, files: 0 });
    expect(await readTree(folder)).toEqual(letter);
    // Who compares contents finds out.
    const { failures } = await syncDown(treeOf(bob), '', folder, { checksum: true });
    expect(failures.map(({ error }) => error.code)).toEqual(['integrity']);
    server.confess();
    await syncDown(treeOf(bob), '', folder);
    expect(await readTree(folder)).toEqual({ 'letter.txt': 'Dear Bob, never mind' });
  });

  test('says that something was done, and does nothing', async () => {
    const world = await makeWorld({ ...letter, 'report.txt': 'All is well' });
    const { server, alice, bob } = world;
    for (const command of ['DELETE', 'RENAME']) {
      server.lie(command, () => Promise.resolve({ status: 200, result: null }));
    }
    await treeOf(alice).remove('letter.txt');
    await treeOf(alice).rename('report.txt', 'renamed.txt');
    server.confess();
    expect(await listed(bob)).toEqual({ 'letter.txt': 'file', 'report.txt': 'file' });
  });
});

describe('what cannot be noticed by who has seen no newer keyring', () => {
  test('somebody who was put out is a member still', async () => {
    const world = await makeWorld(letter);
    const { server, alice, bob } = world;
    const carol = await makePerson(server, 'carol');
    await vaultsOf(carol).publishCard();
    await (await alice.vaults.members('team')).add(carol.fingerprint, 'writer');
    const carols = vaultsOf(carol);
    await carols.join(await alice.vaults.invitation('team'));
    const session = await carols.open('team');
    const kept = await server.disk.keep(world.root);
    await (await alice.vaults.members('team')).remove('bob');
    await write(alice, { 'secret.txt': 'not for Bob' });
    await kept.replay();
    // Carol has not heard of it, and goes on writing for Bob.
    await write({ ...carol, vaults: carols, session }, { 'plan.txt': 'for all of us' });
    expect(await outcomesOf(bob, { 'plan.txt': 'for all of us' })).toEqual({
      'plan.txt': 'received',
    });
    // Alice has, and writes nothing any more.
    expect((await failureOf(write(alice, { 'plan.txt': 'x' }))).code).toBe('integrity');
    expect((await failureOf(vaultsOf(alice).open('team'))).code).toBe('integrity');
  });

  test('a new machine is shown an older state', async () => {
    const world = await makeWorld(letter);
    const { server, alice, bob } = world;
    const kept = await server.disk.keep(world.root);
    await (await alice.vaults.members('team')).remove('bob');
    await kept.replay();
    const elsewhere = await makePerson(server, 'alice', { identity: alice.identity });
    const vaults = vaultsOf(elsewhere);
    await vaults.join(await alice.vaults.invitation('team'));
    const members = (await vaults.members('team')).list();
    expect(members.map(({ name }) => name).sort()).toEqual(['alice', 'bob']);
    expect(bob.fingerprint).toBe(members.find(({ name }) => name === 'bob')?.fingerprint);
  });

  test('a new machine is shown no home, and begins another, of which the first machine hears', async () => {
    const { server, person } = await startHostile();
    const alice = await person('alice');
    await vaultsOf(alice).open('home');
    const path = keyringPath(homeVaultId(alice.identity), 1);
    const first = await server.disk.read(path);
    await server.disk.remove(path.slice(0, path.lastIndexOf('/')));
    const elsewhere = await person('alice', { identity: alice.identity });
    const session = await vaultsOf(elsewhere).open('home');
    expect(session.opened.keyring.sequence).toBe(1);
    const error = await failureOf(vaultsOf(alice).open('home'));
    expect([error.code, error.message]).toEqual([
      'integrity',
      expect.stringContaining('keyring 1'),
    ]);
    await server.disk.write(path, first);
    expect((await failureOf(vaultsOf(elsewhere).open('home'))).code).toBe('integrity');
  });
});

describe('what cannot be noticed of members who work together with the server', () => {
  test('a reader makes a file, of which only a range is read', async () => {
    const world = await makeWorld(letter, 'reader');
    const { alice, bob } = world;
    await forge(world, bob.session.opened, inTheNameOf(alice, bob), 'forged.txt', 'Pay Bob');
    const range = await treeOf(alice).getBytes('forged.txt', { offset: 4, length: 2 });
    expect(String(range)).toBe('Bo');
    // What stat says of a file, he can have made up as well.
    expect((await treeOf(alice).stat('forged.txt')).mtime).toBe(1_700_000_000_000);
    expect((await failureOf(treeOf(alice).getBytes('forged.txt'))).code).toBe('integrity');
  });

  test('a writer who was put out makes a file of his time, until the vault is written anew', async () => {
    const world = await makeWorld(letter);
    const { alice, bob } = world;
    const before = bob.session.opened;
    await (await alice.vaults.members('team')).remove('bob');
    await forge(world, before, bob.identity, 'forged.txt', 'Pay Bob');
    expect(await outcomesOf(alice, { 'forged.txt': 'Pay Bob' })).toEqual({
      'forged.txt': 'received',
    });
    // Only in his own name.
    await forge(world, before, inTheNameOf(alice, bob), 'other.txt', 'Pay Bob');
    expect(await outcomesOf(alice, { 'other.txt': '' })).toEqual({ 'other.txt': 'integrity' });
  });
});
