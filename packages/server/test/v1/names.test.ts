import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { payloadLength, type OriginalClient } from '@e2eeftp/original-peer';

import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';
import { makeFifo } from '../store/system-programs.js';
import { Fixture } from '../support/fixture.js';

let fixture: Fixture;
let client: OriginalClient;
let data: string;
let outside: string;
beforeEach(async () => {
  fixture = await Fixture.start({ way: 'TCP', files: 'on disk', v1: 'all' });
  client = fixture.original();
  data = fixture.directory!;
  outside = await makeTemporaryDirectory();
  await writeFile(`${outside}/secret`, 'secret');
  await writeFile(`${data}/server_id.key`, 'secret');
  await mkdir(`${data}/received/folder`);
  await writeFile(`${data}/received/folder/inner`, 'inner');
});
afterEach(async () => {
  await fixture.close();
  await removeDirectory(outside);
});

async function everything(): Promise<string[]> {
  const names = await Promise.all(
    [data, outside].map((folder) => readdir(folder, { recursive: true })),
  );
  return names.flat().sort();
}

async function answersFor(name: string): Promise<string[]> {
  const payload = payloadLength(1);
  return [
    await client.send(name, Buffer.alloc(1)),
    (await client.exchange(`SEND|${name}|${payload}`, Buffer.alloc(payload))).answer.toString(),
    (await client.get(name)).line,
    await client.delete(name),
  ];
}

test.each([
  '',
  '.',
  '..',
  '../server_id.key',
  '../../../../../../../../etc/passwd',
  '/etc/passwd',
  '//etc/passwd',
  'folder/inner',
  'folder/../../server_id.key',
  './f',
  'f/',
  '/f',
  '..\\server_id.key',
  'folder\\inner',
  'C:\\x',
  'f\u0000',
  'f\u0000.txt',
  'a\u0001b',
  'a\u001B[2Jb',
  'a\tb',
  'a\rb',
  'a\u007Fb',
  'a\u009Bb',
  'n'.repeat(256),
  'ü'.repeat(128),
])('the name %j is refused, for every command', async (name) => {
  const before = await everything();
  expect(new Set(await answersFor(name))).toEqual(
    // What a payload is refused for that was not sealed is not said before it came.
    new Set(['400|Malformed request', '500|Decryption Failed\n']),
  );
  expect(await everything()).toEqual(before);
  expect(fixture.uploads).toBe(0);
  expect(await readFile(`${data}/server_id.key`, 'utf8')).toBe('secret');
});

test.each(['%2e%2e%2fserver_id.key', '..%5cx', '…', '。。', '․․', 'received', '.e2eeftp', '~root'])(
  'the name %j is a name like any other',
  async (name) => {
    const before = await everything();
    expect(await client.send(name, Buffer.from('x'))).toBe('226|Transfer Complete');
    expect((await everything()).filter((path) => !before.includes(path))).toEqual([
      `received/${name}`,
    ]);
    expect((await client.get(name)).content?.toString()).toBe('x');
    expect(await client.delete(name)).toBe('200|File deleted');
    expect(await everything()).toEqual(before);
  },
);

test('what is no regular file is neither listed, read nor removed', async () => {
  const received = `${data}/received`;
  await symlink(`${outside}/secret`, `${received}/link`);
  await symlink(outside, `${received}/folder-link`);
  await symlink('/nowhere/at/all', `${received}/dangling`);
  await symlink('link', `${received}/chain`);
  await makeFifo(`${received}/fifo`);
  await writeFile(`${received}/file`, 'x');
  const names = ['link', 'folder-link', 'dangling', 'chain', 'fifo', 'folder'];
  expect((await client.list()).body).toBe('file');
  for (const name of names) {
    expect(await client.get(name)).toMatchObject({ line: `404|File not found: ${name}` });
    expect(await client.delete(name)).toBe('404|File not found');
  }
  expect((await readdir(received)).sort()).toEqual([...names, 'file'].sort());
});

test('nothing is written through a link: the file takes its place', async () => {
  const received = `${data}/received`;
  await symlink(`${outside}/secret`, `${received}/link`);
  await symlink(`${outside}/made`, `${received}/dangling`);
  for (const name of ['link', 'dangling']) {
    expect(await client.send(name, Buffer.from('x'))).toBe('226|Transfer Complete');
    expect((await lstat(`${received}/${name}`)).isFile()).toBe(true);
    expect((await client.get(name)).content?.toString()).toBe('x');
  }
  expect(await readdir(outside)).toEqual(['secret']);
  expect(await readFile(`${outside}/secret`, 'utf8')).toBe('secret');
});

test('names that no client could have given are not listed', async () => {
  const received = `${data}/received`;
  await writeFile(`${received}/good`, '');
  for (const name of ['two\nlines', 'escape\u001B[2J', 'back\\slash']) {
    await writeFile(`${received}/${name}`, '');
  }
  await writeFile(Buffer.concat([Buffer.from(`${received}/`), Buffer.of(0xff, 0xfe)]), '');
  expect((await client.list()).body).toBe('good');
});
