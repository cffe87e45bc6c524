import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import type { Client, Vaults, VaultTree } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { startVaultServer, vaultsOf, type Person, type VaultServer } from './support.js';

expectNoUnhandledRejections();

interface Scene {
  readonly server: VaultServer;
  readonly alice: Person;
  readonly client: Client;
  readonly vaults: Vaults;
  readonly tree: VaultTree;
}

async function makeScene(): Promise<Scene> {
  const server = await startVaultServer();
  const first = await server.person('alice');
  const before = await vaultsOf(first).tree('home');
  for (const name of ['a', 'b', 'c', 'in/d']) await before.send(Buffer.from(name), name);
  // Nothing is known yet of what is there.
  const alice = await server.person('alice', { identity: first.identity });
  const vaults = vaultsOf(alice);
  return { server, alice, client: alice.client, vaults, tree: await vaults.tree('home') };
}

/** The same vault at another machine. */
async function elsewhere({ server, alice }: Scene): Promise<VaultTree> {
  const other = await server.person('alice', { identity: alice.identity });
  return vaultsOf(other).tree('home');
}

/** A source that stops in the middle: between two requests, as far as the server can tell. */
function haltingSource(): {
  source: AsyncIterable<Uint8Array>;
  isReached: Promise<void>;
  release: () => void;
} {
  let reach = (): void => undefined;
  let release = (): void => undefined;
  const isReached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* source(): AsyncGenerator<Uint8Array, void, void> {
    yield Buffer.from('first ');
    reach();
    await isReleased;
    yield Buffer.from('second');
  }
  return { source: source(), isReached, release };
}

/** Everything that can be asked of a vault, but for loops, which go on as their callers do. */
function everything({ tree }: Scene, folder: string): Promise<unknown>[] {
  return [
    tree.send(Buffer.from('new'), 'deep/er/new'),
    tree.send(Buffer.alloc(3_000_000), 'large'),
    tree.sendTogether(
      ['x', 'y', 'z'].map((path) => ({ source: Buffer.from(path), path: `${path}/${path}` })),
    ),
    tree.get('a', join(folder, 'a')),
    tree.getTogether(['a', 'b', 'c'].map((path) => ({ path, target: join(folder, `2${path}`) }))),
    tree.getBytes('b'),
    tree.stat('in/d'),
    tree.rename('c', 'moved/c'),
    tree.mkdir('made/below'),
    tree.remove('in', { recursive: true }),
  ];
}

describe('closing a client', () => {
  test('lets what is under way in a vault come to its end', async () => {
    const scene = await makeScene();
    const { client } = scene;
    const outcomes = Promise.allSettled(everything(scene, await makeFolder()));
    await client.close();
    for (const outcome of await outcomes) expect(outcome.status).toBe('fulfilled');
    const tree = await elsewhere(scene);
    expect((await tree.getBytes('deep/er/new')).toString()).toBe('new');
    expect((await tree.stat('large')).size).toBe(3_000_000);
    expect((await tree.getBytes('moved/c')).toString()).toBe('c');
    expect((await failureOf(tree.stat('in/d'))).code).toBe('not-found');
  });

  test('waits for an operation that is between two of its requests', async () => {
    const scene = await makeScene();
    const { client, tree } = scene;
    const { source, isReached, release } = haltingSource();
    const sent = tree.send(source, 'slow');
    await isReached;
    let isClosed = false;
    const closing = client.close().then(() => {
      isClosed = true;
    });
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(isClosed).toBe(false);
    release();
    expect(await sent).toMatchObject({ size: 12 });
    await closing;
    expect((await (await elsewhere(scene)).getBytes('slow')).toString()).toBe('first second');
  });

  test('without time ends it with the same error as one of plain files', async () => {
    const scene = await makeScene();
    const { client, tree } = scene;
    const halting = [haltingSource(), haltingSource(), haltingSource()] as const;
    const [first, second, plain] = halting;
    const failures = Promise.all([
      failureOf(tree.send(first.source, 'slow')),
      // It waits for its turn, and asks for nothing.
      failureOf(tree.send(second.source, 'slow')),
      failureOf(client.send(plain.source, 'received/slow')),
    ]);
    await Promise.all([first.isReached, plain.isReached]);
    await client.close({ timeout: 0 });
    const [one, other, ofPlain] = await failures;
    expect(ofPlain.code).toBe('closed');
    for (const failure of [one, other]) {
      expect(failure).toMatchObject({ code: 'closed', message: ofPlain.message });
    }
    expect((await failureOf((await elsewhere(scene)).stat('slow'))).code).toBe('not-found');
    for (const { release } of halting) release();
  });

  test('without time lets everything succeed, or fail with that error', async () => {
    for (const turns of [0, 3, 8, 20]) {
      const scene = await makeScene();
      const outcomes = Promise.allSettled(everything(scene, await makeFolder()));
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      await scene.client.close({ timeout: 0 });
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'closed' });
      }
    }
  }, 100_000);

  test('is the end of everything that is asked later', async () => {
    const scene = await makeScene();
    const { client, tree, vaults } = scene;
    const { source, isReached, release } = haltingSource();
    const sent = tree.send(source, 'slow');
    await isReached;
    const closing = client.close();
    const later = everything(scene, await makeFolder());
    for (const one of later) expect((await failureOf(one)).code).toBe('closed');
    expect((await failureOf(tree.list('').next())).code).toBe('closed');
    expect((await failureOf(tree.read('a').next())).code).toBe('closed');
    expect((await failureOf(vaults.create('team'))).code).toBe('closed');
    release();
    await sent;
    await closing;
    expect((await failureOf(tree.stat('a'))).code).toBe('closed');
  });
});
