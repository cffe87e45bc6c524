import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { StoredFiles } from '../src/index.js';

let disk: StoredFiles;

beforeEach(async () => {
  disk = new StoredFiles(await mkdtemp(join(tmpdir(), 'e2eeftp-disk-')));
  await mkdir(disk.locate('a/b'), { recursive: true });
  await mkdir(disk.locate('c'));
  await disk.write('a/b/one', Buffer.from('first'));
  await disk.write('c/two', Buffer.from('second'));
});

afterEach(async () => {
  await disk.close();
  await rm(disk.folder, { recursive: true, force: true });
});

async function state(): Promise<Record<string, string>> {
  const files = (await disk.files()).sort();
  const contents = await Promise.all(files.map(async (file) => String(await disk.read(file))));
  return Object.fromEntries(files.map((file, index) => [file, contents[index] ?? '']));
}

test('files and folders change places, and come to other ones', async () => {
  await disk.swap('a/b/one', 'c/two');
  expect(await state()).toEqual({ 'a/b/one': 'second', 'c/two': 'first' });
  await disk.swap('a/b', 'c');
  expect(await state()).toEqual({ 'a/b/two': 'first', 'c/one': 'second' });
  await disk.move('c/one', 'a/b/two');
  expect(await state()).toEqual({ 'a/b/two': 'second' });
  await disk.copy('a/b', 'c');
  expect(await state()).toEqual({ 'a/b/two': 'second', 'c/two': 'second' });
  expect(await disk.names('a')).toEqual(['b']);
});

test('bytes are altered, cut and removed', async () => {
  const { mtime } = await stat(disk.locate('c/two'));
  await disk.alter('c/two', (bytes) => Buffer.concat([bytes, bytes.subarray(0, 1)]));
  expect((await stat(disk.locate('c/two'))).mtime).toEqual(mtime);
  await disk.alter('a/b/one', (bytes) => bytes.subarray(0, 2));
  expect(await state()).toEqual({ 'a/b/one': 'fi', 'c/two': 'seconds' });
  await disk.remove('a');
  await disk.remove('never/was');
  expect(await state()).toEqual({ 'c/two': 'seconds' });
});

test('what was comes back, there or elsewhere', async () => {
  const folder = await disk.keep('a');
  const file = await disk.keep('c/two');
  await disk.write('a/b/later', Buffer.from('third'));
  await disk.write('c/two', Buffer.from('changed'));
  await disk.remove('a/b/one');
  await folder.replay();
  await file.replayAt('c/three');
  expect(await state()).toEqual({ 'a/b/one': 'first', 'c/three': 'second', 'c/two': 'changed' });
});

test('a search finds bytes in files and in names, and says where', async () => {
  const wanted = new Map([
    ['content', Buffer.from('irs')],
    ['name', Buffer.from('two')],
    ['folder', Buffer.from('b')],
    ['nothing', Buffer.from('third')],
  ]);
  expect(await disk.search(wanted)).toEqual(
    expect.arrayContaining([
      { what: 'content', where: join('a', 'b', 'one') },
      { what: 'name', where: `the name of ${join('c', 'two')}` },
      { what: 'folder', where: `the name of ${join('a', 'b')}` },
    ]),
  );
  expect((await disk.search(wanted)).map(({ what }) => what)).not.toContain('nothing');
});
