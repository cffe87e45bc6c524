import { join } from 'node:path';

import type { KeptState } from '@e2eeftp/testkit';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { syncDown, syncUp, type ClientError } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { readTree, withFolders, writeTree } from '../tree/support.js';
import {
  listed,
  makeWorld,
  outcomesOf,
  storedPath,
  treeOf,
  type Contents,
  type World,
} from './hostile-world.js';
import { keepForAllTests } from './support.js';

expectNoUnhandledRejections();

const files: Contents = {
  'letter.txt': 'Dear Bob, come on Monday',
  'report.txt': 'Dear Bob, stay at home!!',
  'photos/one.bin': 'the first photo',
  'photos/two.bin': 'another picture',
  'plans/one.bin': 'the only plan!!',
  'plans/two.bin': 'one more of it',
};

let world: World;
let untouched: KeptState;

beforeAll(async () => {
  world = await makeWorld(files);
  untouched = await world.server.disk.keep(world.root);
  keepForAllTests();
});

afterEach(async () => {
  world.server.confess();
  await untouched.replay();
});

interface Attack {
  readonly what: string;
  readonly attack: (at: (path: string) => Promise<string>) => Promise<void>;
  /** The files that cannot be received any more. */
  readonly lost: readonly string[];
}

const attacks: Attack[] = [
  {
    what: 'two files change places',
    attack: async (at) => world.server.disk.swap(await at('letter.txt'), await at('report.txt')),
    lost: ['letter.txt', 'report.txt'],
  },
  {
    what: 'two folders change places',
    attack: async (at) => world.server.disk.swap(await at('photos'), await at('plans')),
    lost: ['photos/one.bin', 'photos/two.bin', 'plans/one.bin', 'plans/two.bin'],
  },
  {
    what: 'a file is moved to another folder',
    attack: async (at) => {
      const stored = await at('photos/two.bin');
      const name = stored.slice(stored.lastIndexOf('/'));
      await world.server.disk.move(stored, `${await at('plans')}${name}`);
    },
    lost: ['photos/two.bin'],
  },
  {
    what: 'a file is altered',
    attack: async (at) =>
      world.server.disk.alter(await at('letter.txt'), (bytes) => bytes.fill(1, 350, 352)),
    lost: ['letter.txt'],
  },
  {
    what: 'a file gets a name of the server’s own making',
    attack: async (at) => world.server.disk.move(await at('letter.txt'), `${world.root}/AAAA`),
    lost: ['letter.txt'],
  },
];

describe.each(attacks)('when $what', ({ attack, lost }) => {
  test('a local folder keeps what it has, also where what is superfluous is removed', async () => {
    const { bob } = world;
    const local = join(await makeFolder(), 'mirror');
    await syncDown(treeOf(bob), '', local);
    expect(await readTree(local)).toEqual(withFolders(files));
    await writeTree(local, { 'own.txt': 'only here' });
    await attack((path) => storedPath(world, path));
    for (const options of [
      {},
      { checksum: true },
      { delete: true, checksum: true },
      { delete: true },
    ]) {
      const result = await syncDown(treeOf(bob), '', local, options).catch(refusalOf);
      const { 'own.txt': own, ...others } = await readTree(local);
      expect(others).toEqual(withFolders(files));
      // What was altered and has its size and time still is found by nothing but its content.
      const isNoticed = 'checksum' in options || !('failed' in result) || result.failed > 0;
      if (isNoticed) expect(own).toBe('only here');
      if ('checksum' in options) expect(result).not.toMatchObject({ failed: 0 });
      for (const { error } of 'failed' in result ? result.failures : []) {
        expect(error.code).toBe('integrity');
      }
    }
  });

  test('an empty folder gets nothing that is wrong', async () => {
    const local = join(await makeFolder(), 'new');
    await attack((path) => storedPath(world, path));
    const result = await syncDown(treeOf(world.bob), '', local);
    expect(result.failed).toBeGreaterThan(0);
    const received = Object.entries(await readTree(local));
    for (const [path, content] of received) {
      if (content !== undefined) expect([path, content]).toEqual([path, files[path]]);
    }
    const names = received.filter(([, content]) => content !== undefined).map(([path]) => path);
    expect(names.sort()).toEqual(
      Object.keys(files)
        .filter((path) => !lost.includes(path))
        .sort(),
    );
  });

  test('the vault is made whole again from a local folder', async () => {
    const local = join(await makeFolder(), 'source');
    const { alice, bob } = world;
    await syncDown(treeOf(alice), '', local);
    await attack((path) => storedPath(world, path));
    // What is damaged and has its size and time still is found by nothing but its content.
    for (const path of lost) await treeOf(alice).remove(path).catch(expectMissing);
    const result = await syncUp(treeOf(alice), local, '', { delete: true, force: true });
    expect(result.failures).toEqual([]);
    expect(await readTree(local)).toEqual(withFolders(files));
    const received = Object.fromEntries(Object.keys(files).map((path) => [path, 'received']));
    expect(await outcomesOf(bob, files)).toEqual(received);
    expect(Object.keys(await listed(bob)).sort()).toEqual(Object.keys(withFolders(files)).sort());
  });
});

/** Nothing is removed when that would be more than half of what is there. */
function refusalOf(error: unknown): ClientError {
  expect(error).toMatchObject({ code: 'too-many-removals' });
  return error as ClientError;
}

function expectMissing(error: unknown): void {
  expect(error).toMatchObject({ code: 'not-found' });
}

describe('what the server has put elsewhere', () => {
  test('is refused under its new name, too', async () => {
    const { server, alice, bob } = world;
    const [one, other] = [
      await storedPath(world, 'letter.txt'),
      await storedPath(world, 'report.txt'),
    ];
    await server.disk.swap(one, other);
    await treeOf(alice).rename('letter.txt', 'photos/letter.txt');
    expect(await outcomesOf(bob, { 'photos/letter.txt': '', 'report.txt': '' })).toEqual({
      'photos/letter.txt': 'integrity',
      'report.txt': 'integrity',
    });
  });

  test('is replaced as a whole', async () => {
    const { server, alice, bob } = world;
    const [one, other] = [
      await storedPath(world, 'letter.txt'),
      await storedPath(world, 'report.txt'),
    ];
    await server.disk.swap(one, other);
    const tree = treeOf(alice);
    await tree.send(Buffer.from('Dear Bob'), 'letter.txt');
    expect(await outcomesOf(bob, { 'letter.txt': 'Dear Bob', 'report.txt': '' })).toEqual({
      'letter.txt': 'received',
      'report.txt': 'integrity',
    });
  });

  test('is not renamed when it is no entry any more, and can be removed', async () => {
    const { server, alice, bob } = world;
    await server.disk.move(await storedPath(world, 'letter.txt'), `${world.root}/AAAA`);
    const tree = treeOf(alice);
    const name = 'AAAA (damaged)';
    const error = await failureOf(tree.rename(name, 'letter.txt'));
    expect([error.code, error.message]).toEqual(['integrity', expect.stringContaining(name)]);
    expect((await failureOf(tree.send(Buffer.from('x'), name))).code).toBe('conflict');
    expect(Object.values(await listed(bob))).toContain('no-stored-name');
    await tree.remove(name);
    expect(Object.values(await listed(bob))).not.toContain('no-stored-name');
  });

  test('is no folder to send into', async () => {
    const { server, alice, bob } = world;
    await server.disk.swap(await storedPath(world, 'photos'), await storedPath(world, 'plans'));
    // What is sent belongs to the folder that was meant, wherever that is.
    await treeOf(alice).send(Buffer.from('a new photo'), 'photos/three.bin');
    expect(await outcomesOf(bob, { 'photos/three.bin': 'a new photo' })).toEqual({
      'photos/three.bin': 'received',
    });
    expect((await failureOf(treeOf(bob).getBytes('plans/three.bin'))).code).toBe('not-found');
  });
});
