import type { KeptState } from '@e2eeftp/testkit';
import { vaultSizes } from '@e2eeftp/vault';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { expectNoUnhandledRejections } from '../support/unhandled.js';
import {
  listed,
  makeWorld,
  outcomesOf,
  receiveTree,
  storedPath,
  treeOf,
  write,
  type Contents,
  type Outcomes,
  type World,
} from './hostile-world.js';
import { keepForAllTests } from './support.js';

expectNoUnhandledRejections();

/** Bytes of a header and the nonce behind it, and of a chunk with its tag. */
const [head, chunk] = [vaultSizes.fileHeader + 16, 65_552];

function bytes(length: number, seed: number): string {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
      return (state >> 16) & 0xff;
    }),
  ).toString('latin1');
}

const files: Contents = {
  'letter.txt': 'Dear Bob, come on Monday',
  'report.txt': 'Dear Bob, stay at home!!',
  'large.bin': bytes(3 * 65_536 + 1000, 1),
  'other.bin': bytes(3 * 65_536 + 1000, 2),
  'photos/one.bin': 'the first photo',
  'photos/two.bin': 'another picture',
  'plans/one.bin': 'the only plan!!',
  'plans/old/one.bin': 'an older plan!!',
};

/** What an attack does, and what becomes of the files that it does not leave as they were. */
interface Attack {
  readonly what: string;
  readonly attack: (world: World, at: (path: string) => Promise<string>) => Promise<void>;
  readonly outcomes: Outcomes;
  /** Why stored names are listed as damaged. */
  readonly damaged?: readonly string[];
}

function altered(path: string, what: string, change: (bytes: Buffer) => Uint8Array): Attack {
  return {
    what: `${path}: ${what}`,
    attack: async ({ server }, at) => server.disk.alter(await at(path), change),
    outcomes: { [path]: 'integrity' },
  };
}

function flipped(offset: number): (bytes: Buffer) => Uint8Array {
  return (content) => {
    const index = offset < 0 ? content.length + offset : offset;
    content[index] = (content[index] ?? 0) ^ 1;
    return content;
  };
}

function chunkAt(content: Buffer, index: number): Buffer {
  return content.subarray(head + index * chunk, head + (index + 1) * chunk);
}

function withChunks(content: Buffer, order: readonly number[]): Uint8Array {
  return Buffer.concat([
    content.subarray(0, head),
    ...order.map((index) => chunkAt(content, index)),
  ]);
}

const alterations: Attack[] = [
  altered('large.bin', 'cut at the end of a chunk', (all) => all.subarray(0, head + 2 * chunk)),
  altered('large.bin', 'cut within a chunk', (all) => all.subarray(0, head + 2 * chunk + 500)),
  altered('large.bin', 'cut within its signature', (all) => all.subarray(0, -30)),
  altered('large.bin', 'cut by one byte', (all) => all.subarray(0, -1)),
  altered('large.bin', 'cut behind its head', (all) => all.subarray(0, head)),
  altered('large.bin', 'cut within its head', (all) => all.subarray(0, 100)),
  altered('large.bin', 'cut to nothing', (all) => all.subarray(0, 0)),
  altered('letter.txt', 'cut to nothing', (all) => all.subarray(0, 0)),
  altered('letter.txt', 'cut by one byte', (all) => all.subarray(0, -1)),
  altered('letter.txt', 'one byte longer', (all) => Buffer.concat([all, Buffer.of(0)])),
  altered('large.bin', 'a tag longer', (all) => Buffer.concat([all, Buffer.alloc(16)])),
  altered('large.bin', 'its last chunk twice', (all) => withChunks(all, [0, 1, 2, 3, 3])),
  altered('large.bin', 'a chunk twice', (all) => withChunks(all, [0, 1, 1, 2, 3])),
  altered('large.bin', 'chunks in another order', (all) => withChunks(all, [1, 0, 2, 3])),
  altered('large.bin', 'a chunk left out', (all) => withChunks(all, [0, 2, 3])),
  altered('large.bin', 'nothing but zeros', (all) => Buffer.alloc(all.length)),
  ...[0, 30, 100, 300, head - 8, head + 1, head + chunk - 1, head + 2 * chunk + 7, -80, -1].map(
    (offset) => altered('large.bin', `one bit at ${offset}`, flipped(offset)),
  ),
  ...[20, 90, head - 1, head + 3, -1].map((offset) =>
    altered('letter.txt', `one bit at ${offset}`, flipped(offset)),
  ),
];

const moves: Attack[] = [
  {
    what: 'two files of a folder change places',
    attack: async ({ server }, at) =>
      server.disk.swap(await at('letter.txt'), await at('report.txt')),
    outcomes: { 'letter.txt': 'integrity', 'report.txt': 'integrity' },
  },
  {
    what: 'two files of different folders change places',
    attack: async ({ server }, at) =>
      server.disk.swap(await at('photos/one.bin'), await at('plans/one.bin')),
    outcomes: { 'photos/one.bin': 'integrity', 'plans/one.bin': 'integrity' },
  },
  {
    what: 'one file has the bytes of another',
    attack: async ({ server }, at) =>
      server.disk.copy(await at('letter.txt'), await at('report.txt')),
    outcomes: { 'report.txt': 'integrity' },
  },
  {
    what: 'one file has a chunk of another at the same place',
    attack: async ({ server }, at) => {
      const other = await server.disk.read(await at('other.bin'));
      await server.disk.alter(await at('large.bin'), (all) => {
        chunkAt(other, 1).copy(all, head + chunk);
        return all;
      });
    },
    outcomes: { 'large.bin': 'integrity' },
  },
  {
    what: 'one file has the head of another',
    attack: async ({ server }, at) => {
      const other = await server.disk.read(await at('other.bin'));
      await server.disk.alter(await at('large.bin'), (all) =>
        Buffer.concat([other.subarray(0, head), all.subarray(head)]),
      );
    },
    outcomes: { 'large.bin': 'integrity' },
  },
  {
    what: 'a file is moved to another folder, under its own stored name',
    attack: async ({ server }, at) => {
      const name = nameOf(await at('photos/two.bin'));
      await server.disk.move(await at('photos/two.bin'), `${await at('plans')}/${name}`);
    },
    outcomes: { 'photos/two.bin': 'not-found' },
    damaged: ['not-sealed-here'],
  },
  {
    what: 'a file is copied to another folder, and to the root',
    attack: async ({ server, root }, at) => {
      const stored = await at('photos/two.bin');
      await server.disk.copy(stored, `${await at('plans')}/${nameOf(stored)}`);
      await server.disk.copy(stored, `${root}/${nameOf(stored)}`);
    },
    outcomes: {},
    damaged: ['not-sealed-here'],
  },
  {
    what: 'a file gets a stored name of the server’s own making',
    attack: async ({ server }, at) => {
      const stored = await at('letter.txt');
      await server.disk.move(stored, stored.replace(/.{3}$/u, 'AAA'));
    },
    outcomes: { 'letter.txt': 'not-found' },
    damaged: ['not-sealed-here'],
  },
  {
    what: 'a file gets a name that no client gives',
    attack: async ({ server, root }, at) => {
      await server.disk.move(await at('letter.txt'), `${root}/letter.txt`);
    },
    outcomes: { 'letter.txt': 'not-found' },
    damaged: ['no-stored-name'],
  },
  {
    what: 'two folders change places',
    attack: async ({ server }, at) => server.disk.swap(await at('photos'), await at('plans')),
    outcomes: {
      'photos/one.bin': 'not-found',
      'photos/two.bin': 'not-found',
      'plans/one.bin': 'not-found',
      'plans/old/one.bin': 'not-found',
    },
    damaged: ['not-sealed-here'],
  },
  {
    what: 'a folder is moved into another',
    attack: async ({ server }, at) => {
      const stored = await at('photos');
      await server.disk.move(stored, `${await at('plans')}/${nameOf(stored)}`);
    },
    outcomes: { 'photos/one.bin': 'not-found', 'photos/two.bin': 'not-found' },
    damaged: ['not-sealed-here'],
  },
  {
    what: 'a folder has a copy of itself in it',
    attack: async ({ server }, at) => {
      const stored = await at('plans');
      const before = await server.disk.keep(stored);
      await before.replayAt(`${stored}/${nameOf(stored)}`);
    },
    outcomes: {},
    damaged: ['not-sealed-here'],
  },
  {
    what: 'a file and a folder change places',
    attack: async ({ server }, at) => server.disk.swap(await at('letter.txt'), await at('photos')),
    outcomes: {
      'letter.txt': 'not-found',
      'photos/one.bin': 'not-found',
      'photos/two.bin': 'not-found',
    },
    damaged: ['not-sealed-here'],
  },
  {
    what: 'what was replaced is there again, beside what has replaced it',
    attack: async (world, at) => {
      const stored = await at('letter.txt');
      const before = await world.server.disk.keep(stored);
      await write(world.alice, { 'letter.txt': 'Dear Bob, come on Tuesday' });
      await before.replayAt(stored);
      await write(world.alice, { 'letter.txt': files['letter.txt'] ?? '' });
      await before.replayAt(stored);
    },
    outcomes: {},
  },
  {
    what: 'what was renamed has both names',
    attack: async (world, at) => {
      const stored = await at('letter.txt');
      const before = await world.server.disk.keep(stored);
      await treeOf(world.alice).rename('letter.txt', 'renamed.txt');
      await before.replayAt(stored);
    },
    outcomes: { 'letter.txt': 'not-found' },
    damaged: ['duplicate-id'],
  },
  {
    what: 'what is in one vault is in another, too',
    attack: async (world, at) => {
      const { alice, server } = world;
      const session = await alice.vaults.create('elsewhere');
      await write({ ...alice, session }, { 'letter.txt': 'Dear Carol, come on Sunday' });
      const [stored = ''] = (await server.disk.names(`vaults/${session.id}`)).filter(
        (name) => name !== '.keyring',
      );
      const from = `vaults/${session.id}/${stored}`;
      await server.disk.copy(from, `${world.root}/${stored}`);
      await server.disk.copy(from, await at('letter.txt'));
    },
    outcomes: { 'letter.txt': 'integrity' },
    damaged: ['not-sealed-here'],
  },
];

function nameOf(stored: string): string {
  return stored.slice(stored.lastIndexOf('/') + 1);
}

let world: World;
let untouched: KeptState;

beforeAll(async () => {
  world = await makeWorld(files);
  untouched = await world.server.disk.keep(world.root);
  keepForAllTests();
});

afterEach(async () => {
  await untouched.replay();
});

describe.each([...moves, ...alterations])('$what', ({ attack, outcomes, damaged = [] }) => {
  test('is refused, and nothing else suffers', async () => {
    await attack(world, (path) => storedPath(world, path));
    const suffering = Object.keys(outcomes).map((path) => [path, files[path] ?? ''] as const);
    expect(await outcomesOf(world.bob, Object.fromEntries(suffering))).toEqual(outcomes);

    const shown = await listed(world.bob);
    const odd = Object.values(shown).filter((type) => type !== 'file' && type !== 'directory');
    expect(odd.filter((reason) => reason !== 'size-impossible')).toEqual(damaged);

    const { local, result } = await receiveTree(world.bob);
    for (const [path, content] of Object.entries(local)) {
      if (content !== undefined) expect([path, content]).toEqual([path, files[path]]);
    }
    for (const path of Object.keys(files)) {
      const isThere = outcomes[path] === undefined;
      expect([path, local[path] !== undefined]).toEqual([path, isThere]);
    }
    const codes = new Set(result.failures.map(({ error }) => error.code));
    const isRefused = damaged.length > 0 || Object.values(outcomes).includes('integrity');
    expect([...codes]).toEqual(isRefused ? ['integrity'] : []);
  });
});
