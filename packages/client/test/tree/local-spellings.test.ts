import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { getTree, syncDown } from '../../src/index.js';
import { LocalSpellings, spelledApart, spellingsIn } from '../../src/tree/local-spellings.js';
import { makeFolder } from '../home/support.js';
import { startPair, writeTree } from './support.js';

describe('names of one walk', () => {
  test.each([
    ['Report.pdf', 'report.PDF'],
    ['\u00E9', 'e\u0301'],
    ['\u00C9', 'e\u0301'],
    ['\u212Belvin', '\u00E5elvin'],
    ['\u03A3', '\u03C2'],
    ['\u212A', 'k'],
  ])('%s and %s are one on some file systems', (one, other) => {
    for (const folder of ['', 'in/side/']) {
      const spellings = new LocalSpellings();
      const paths = ['x', one, 'y', other].map((name) => folder + name);
      const collisions = paths.map((path) => spellings.collision(path));
      expect(collisions.map((error) => error?.code)).toEqual([
        ...[undefined, undefined, undefined, 'bad-name'],
      ]);
      expect(collisions[3]?.message).toContain(`"${one}" and "${other}"`);
    }
  });

  test('stay apart in folders of their own, and where only a part is alike', () => {
    const spellings = new LocalSpellings();
    const paths = ['A', 'A/a', 'B', 'B/A', 'B/ß', 'B/ss', 'a.txt', 'a .txt'];
    for (const path of paths) expect(spellings.collision(path)).toBeUndefined();
  });

  test('collide with all that is in a folder', () => {
    const spellings = new LocalSpellings();
    for (const path of ['A', 'A/x', 'B']) expect(spellings.collision(path)).toBeUndefined();
    for (const path of ['a', 'a/x', 'a/y/z']) {
      expect(spellings.collision(path)?.message).toContain('"A" and "a"');
    }
    expect(spellings.collision('b.txt')).toBeUndefined();
  });

  test('are shown without moving a cursor', () => {
    const spellings = new LocalSpellings();
    spellings.collision('\u001B[2JA');
    const { message } = spellings.collision('\u001B[2Ja') ?? {};
    expect(message).toMatch(/"\uFFFD\[2JA" and "\uFFFD\[2Ja"/u);
  });

  test('are looked at only if they are to come', async () => {
    async function* items(): AsyncGenerator<{ path: string; stays?: boolean }, void, void> {
      yield* [{ path: 'A', stays: true }, { path: 'a' }, { path: 'b' }, { path: 'B' }];
    }
    const seen: string[] = [];
    const apart = spelledApart(items(), new LocalSpellings(), ({ stays }) => stays !== true);
    for await (const { item, collision } of apart) seen.push(`${item.path} ${collision?.code}`);
    expect(seen).toEqual(['A undefined', 'a undefined', 'b undefined', 'B bad-name']);
  });
});

test('a file system is asked whether it tells spellings apart, and nothing is left of that', async () => {
  const folder = await makeFolder();
  const spellings = await spellingsIn(folder);
  expect(await readdir(folder)).toEqual([]);
  await writeTree(folder, { name: '' });
  const folds = await lstat(join(folder, 'NAME')).then(
    () => true,
    () => false,
  );
  expect(spellings !== undefined).toBe(folds);
  expect(await spellingsIn(join(folder, 'missing'))).toBeUndefined();
});

test('whatever file system it is, as many files come as are said to have come', async () => {
  const { client } = await startPair();
  for (const name of ['A', 'a', 'E\u0301', '\u00C9', 'é', 'other']) {
    await client.send(Buffer.from(name), `received/t/${name}`);
  }
  const folder = await makeFolder();
  const got = await getTree(client, 'received/t', join(folder, 'got'));
  expect(got.files).toBe((await readdir(join(folder, 'got'))).length);
  expect(got.files + got.failed).toBe(6);
  const synced = await syncDown(client, 'received/t', join(folder, 'synced'));
  expect(synced.files).toBe((await readdir(join(folder, 'synced'))).length);
  const again = await syncDown(client, 'received/t', join(folder, 'synced'), { delete: true });
  expect(again).toMatchObject({ files: 0, removed: 0, unchanged: synced.files });
});
