import { join } from 'node:path';

import { keyringPath, makeNextKeyring } from '@e2eeftp/vault';
import { describe, expect, test } from '@jest/globals';

import { getTree } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { readTree } from '../tree/support.js';
import { forge, inTheNameOf } from './forged-file.js';
import { makeWorld, receiveTree, treeOf, write, type World } from './hostile-world.js';
import { makePerson, vaultsOf } from './support.js';

expectNoUnhandledRejections();

async function expectRefused(world: World, name: string): Promise<void> {
  const { alice } = world;
  const folder = await makeFolder();
  const target = join(folder, name);
  const got = await failureOf(treeOf(alice).get(name, target));
  expect([got.code, got.message]).toEqual(['integrity', expect.stringContaining(name)]);
  expect((await failureOf(treeOf(alice).getBytes(name))).code).toBe('integrity');
  const reading = async (): Promise<void> => {
    for await (const chunk of treeOf(alice).read(name)) expect(chunk.length).toBeGreaterThan(0);
  };
  expect((await failureOf(reading())).code).toBe('integrity');
  const { failures } = await getTree(treeOf(alice), '', join(folder, 'tree'));
  expect(failures.map(({ error }) => error.code)).toEqual(['integrity']);
  expect(Object.keys(await readTree(folder))).toEqual(['tree', 'tree/letter.txt']);
}

const letter = { 'letter.txt': 'Dear Bob' };

test('a writer who was added since is believed by those who have not heard of it', async () => {
  const world = await makeWorld(letter);
  const { server, alice, bob } = world;
  const carol = await makePerson(server, 'carol');
  const carols = vaultsOf(carol);
  await carols.publishCard();
  await (await alice.vaults.members('team')).add(carol.fingerprint, 'writer');
  await carols.join(await alice.vaults.invitation('team'));
  const session = await carols.open('team');
  const files = { 'from carol.txt': 'Dear Bob', 'more.txt': 'I am new', 'most.txt': 'here' };
  await write({ ...carol, vaults: carols, session }, files);
  const { sequence } = bob.session.opened.keyring;
  const { local, result } = await receiveTree(bob);
  expect(result.failures).toEqual([]);
  expect(local).toEqual({ ...letter, ...files });
  expect(bob.session.opened.keyring.sequence).toBe(sequence + 1);
});

describe('a reader who works together with the server', () => {
  test('makes no file that anybody takes for his', async () => {
    const world = await makeWorld(letter, 'reader');
    const { bob } = world;
    await forge(world, bob.session.opened, bob.identity, 'forged.txt', 'Pay Bob');
    await expectRefused(world, 'forged.txt');
    expect((await failureOf(write(bob, { 'own.txt': 'x' }))).code).toBe('not-allowed');
  });

  test('makes no file that anybody takes for a writer’s', async () => {
    const world = await makeWorld(letter, 'reader');
    const { alice, bob } = world;
    await forge(world, bob.session.opened, inTheNameOf(alice, bob), 'forged.txt', 'Pay Bob');
    await expectRefused(world, 'forged.txt');
  });

  test('replaces no file of a writer', async () => {
    const world = await makeWorld(letter, 'reader');
    const { alice, bob } = world;
    await forge(world, bob.session.opened, inTheNameOf(alice, bob), 'letter.txt', 'Pay Bob');
    const names: string[] = [];
    for await (const { path, isConflict } of treeOf(alice).list('')) {
      names.push(path);
      expect(isConflict).toBe(true);
    }
    expect(names).toHaveLength(2);
    const contents = await Promise.all(
      names.map((name) =>
        treeOf(alice)
          .getBytes(name)
          .then(String, (error: unknown) => (error as { code: string }).code),
      ),
    );
    expect(contents.sort()).toEqual(['Dear Bob', 'integrity']);
  });
});

describe('a writer who was put out, and the server', () => {
  test('make no file of the new epoch, and read none', async () => {
    const world = await makeWorld(letter);
    const { server, alice, bob } = world;
    const before = bob.session.opened;
    await (await alice.vaults.members('team')).remove('bob');
    await write(alice, { 'secret.txt': 'not for Bob' });
    // He names the new epoch, whose keys he does not have.
    const later = { ...before, keyring: { ...before.keyring, epoch: 2 } };
    const old = before.secrets.keysOf(1);
    const secrets = { epoch: 2, keysOf: () => ({ ...old, epoch: 2 }) } as never;
    await forge(world, { ...later, secrets }, bob.identity, 'forged.txt', 'Pay Bob');
    const { local, failures } = await (async () => {
      const folder = join(await makeFolder(), 'tree');
      const result = await getTree(treeOf(alice), '', folder);
      return { local: await readTree(folder), failures: result.failures };
    })();
    expect(local).toEqual({ ...letter, 'secret.txt': 'not for Bob' });
    expect(failures.map(({ error }) => error.code)).toEqual(['integrity']);

    server.keepsRules = false;
    const seen: string[] = [];
    await server.disk.remove(`${world.root}/.keyring/3`);
    for await (const { path, damaged } of treeOf(bob).list('')) seen.push(damaged ?? path);
    expect(seen.filter((one) => one !== 'unknown-epoch')).toEqual(['letter.txt']);
  });

  test('make no file after the vault was written anew', async () => {
    const world = await makeWorld(letter);
    const { alice, bob } = world;
    const before = bob.session.opened;
    await (await alice.vaults.members('team')).remove('bob');
    await alice.session.refresh();
    await write(alice, letter);
    const bytes = await makeNextKeyring(alice.session.opened, alice.identity, { oldest: 2 });
    await alice.client.send([bytes], keyringPath(world.vault, 4), {
      size: bytes.length,
      overwrite: 'never',
    });
    await forge(world, before, bob.identity, 'forged.txt', 'Pay Bob');
    await alice.session.refresh();
    const folder = join(await makeFolder(), 'tree');
    const { failures } = await getTree(treeOf(alice), '', folder);
    expect(failures.map(({ error }) => error.code)).toEqual(['integrity']);
    expect(Object.keys(await readTree(folder)).filter((name) => name !== 'letter.txt')).toEqual([]);
  });

  test('make no file of the epoch in which he only reads', async () => {
    const world = await makeWorld(letter);
    const { alice, bob } = world;
    await (await alice.vaults.members('team')).changeRole('bob', 'reader');
    await bob.session.refresh();
    await forge(world, bob.session.opened, bob.identity, 'forged.txt', 'Pay Bob');
    await expectRefused(world, 'forged.txt');
  });
});
