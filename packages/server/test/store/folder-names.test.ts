import { mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { Folder } from '../../src/store/folder.js';
import { FolderNames } from '../../src/store/folder-names.js';
import { inTemporaryDirectory } from './temporary-directory.js';

const many = Array.from({ length: 1500 }, (_, index) => `file-${String(index).padStart(5, '0')}`);

/** File systems with coarse time stamps are given so much time, in milliseconds. */
const settling = 2100;

async function makeFolder(path: string, names: readonly string[]): Promise<void> {
  await mkdir(path);
  for (const name of names) await writeFile(join(path, name), '');
}

/** What reads the names of the folder `many`, again and again. */
async function reader(directory: string): Promise<() => Promise<readonly string[]>> {
  const path = await realpath(directory);
  const root = { path, stats: await stat(path, { bigint: true }), access: 'names' } as const;
  const names = new FolderNames();
  return async () => {
    const folder = await Folder.open(root, ['many']);
    try {
      return await names.of(folder);
    } finally {
      folder.close();
    }
  };
}

test('names of a folder that rests are read once, and again after every change', async () => {
  await inTemporaryDirectory(async (directory) => {
    const at = (name: string): string => join(directory, 'many', name);
    await makeFolder(at(''), many);
    await makeFolder(join(directory, 'other'), ['b', 'a']);
    const read = await reader(directory);
    await delay(settling);
    const first = await read();
    expect(first).toEqual(many);
    expect(await read()).toBe(first);
    await writeFile(at('file-00000-more'), '');
    expect(await read()).toEqual([many[0], 'file-00000-more', ...many.slice(1)]);
    await rm(at('file-00000-more'));
    expect(await read()).toEqual(many);
    await rename(at('file-00000'), at('zzz'));
    expect(await read()).toEqual([...many.slice(1), 'zzz']);
    await rename(at(''), join(directory, 'moved'));
    await rename(join(directory, 'other'), at(''));
    expect(await read()).toEqual(['a', 'b']);
  });
}, 60_000);

test('names of a folder that has just changed are read again', async () => {
  await inTemporaryDirectory(async (directory) => {
    await makeFolder(join(directory, 'many'), many);
    const read = await reader(directory);
    const first = await read();
    const second = await read();
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
  });
}, 60_000);

test('names come in the order of their code points, without those that are no UTF-8', async () => {
  await inTemporaryDirectory(async (directory) => {
    const names = ['a', 'ä', '水', '\u{FFFD}', '\u{10151}'];
    await makeFolder(join(directory, 'many'), names.toReversed());
    await writeFile(
      Buffer.concat([Buffer.from(join(directory, 'many', 'x')), Buffer.of(0xff)]),
      '',
    );
    expect(await (await reader(directory))()).toEqual(names);
  });
});
