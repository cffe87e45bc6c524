import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { fingerprint } from '@e2eeftp/crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { DataDirectory, FileCards, MemoryCards, type CardStore } from '../src/index.js';
import { PathLocks } from '../src/store/path-locks.js';
import { makeTemporaryDirectory, removeDirectory } from './store/temporary-directory.js';

let folder: string;
beforeEach(async () => {
  folder = await makeTemporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(folder);
});

const alice = fingerprint(new Uint8Array(32).fill(1));
const bob = fingerprint(new Uint8Array(32).fill(2));
const aliceFile = (): string => join(folder, 'cards', alice);

const inFiles = (): Promise<FileCards> => FileCards.open(join(folder, 'cards'), new PathLocks());
const kinds: [string, () => Promise<CardStore>][] = [
  ['in memory', () => Promise.resolve(new MemoryCards())],
  ['in files', inFiles],
];

describe.each(kinds)('cards %s', (_, open) => {
  test('are found as they were published last, each for its fingerprint', async () => {
    const cards = await open();
    expect(await cards.find(alice)).toBeUndefined();
    await cards.publish(alice, new Uint8Array(1536).fill(7));
    await cards.publish(bob, Uint8Array.of(8));
    expect(await cards.find(alice)).toEqual(new Uint8Array(1536).fill(7));
    await cards.publish(alice, Uint8Array.of(9));
    expect(await cards.find(alice)).toEqual(Uint8Array.of(9));
    expect(await cards.find(bob)).toEqual(Uint8Array.of(8));
  });

  test('of one person that are published at once leave one of them, whole', async () => {
    const cards = await open();
    const all = Array.from({ length: 20 }, (_each, index) => new Uint8Array(1000).fill(index));
    await Promise.all(all.map((card) => cards.publish(alice, card)));
    expect(all).toContainEqual(await cards.find(alice));
  });
});

describe('cards in files', () => {
  test('are for the server alone, and outlive it', async () => {
    await (await inFiles()).publish(alice, Uint8Array.of(1, 2, 3));
    expect((await stat(aliceFile())).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'cards'))).toHaveLength(1);
    expect(await (await inFiles()).find(alice)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('are no links, no folders, and no longer than a card', async () => {
    const cards = await inFiles();
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), aliceFile());
    expect(await cards.find(alice)).toBeUndefined();
    const bobFile = join(folder, 'cards', bob);
    await writeFile(bobFile, new Uint8Array(1537));
    await expect(cards.find(bob)).rejects.toMatchObject({ code: 'io' });
    const carol = fingerprint(new Uint8Array(32).fill(3));
    await mkdir(join(folder, 'cards', carol));
    await expect(cards.find(carol)).rejects.toMatchObject({ name: 'StoreError' });
    await expect(cards.publish(carol, Uint8Array.of(1))).rejects.toMatchObject({
      name: 'StoreError',
    });
  });

  test('come with a data directory', async () => {
    const data = await DataDirectory.open(folder);
    try {
      await data.cards.publish(alice, Uint8Array.of(1));
      expect(await readdir(join(folder, '.e2eeftp', 'cards'))).toHaveLength(1);
    } finally {
      await data.close();
    }
  });
});
