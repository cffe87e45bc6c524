import {
  chmod,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { getTree, sendTree } from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import { readTree, startPair, writeTree } from './support.js';

/** So many that they are read and written in threads, on both sides of what fits into a message. */
const sizes = Array.from({ length: 60 }, (_, index) => index * 1200);
const tree = Object.fromEntries(
  sizes.map((size, index) => [`d${index % 3}/f${index}`, `${index}`.padEnd(size, 'x')]),
);

test('many small files keep their content, times and permissions both ways', async () => {
  const { client } = await startPair();
  const folder = await makeFolder();
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  await writeTree(from, tree);
  for (const [index, path] of Object.keys(tree).entries()) {
    await chmod(join(from, path), index % 2 === 0 ? 0o640 : 0o755);
    await utimes(join(from, path), 0, 1_500_000_000 + index);
  }
  const sent = await sendTree(client, from, 'received/t', { preserveMode: true });
  expect(sent).toMatchObject({ files: sizes.length, failed: 0 });
  const received = await getTree(client, 'received/t', to, {
    preserveMode: true,
    preserveTime: true,
  });
  expect(received).toMatchObject({ files: sizes.length, failed: 0 });
  expect(await readTree(to)).toEqual(await readTree(from));
  for (const [index, path] of Object.keys(tree).entries()) {
    const { mode, mtimeMs } = await stat(join(to, path));
    expect(mode & 0o777).toBe(index % 2 === 0 ? 0o640 : 0o755);
    expect(mtimeMs).toBe((1_500_000_000 + index) * 1000);
  }
});

test('what is in the way of some of them stays, and the others come', async () => {
  const { client } = await startPair();
  const folder = await makeFolder();
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  await writeTree(from, tree);
  await sendTree(client, from, 'received/t');
  await mkdir(join(to, 'd0/f0'), { recursive: true });
  await mkdir(join(to, 'd1'));
  await writeFile(join(folder, 'elsewhere'), 'untouched');
  await symlink(join(folder, 'elsewhere'), join(to, 'd1/f1'));
  const { failed, failures } = await getTree(client, 'received/t', to);
  expect(failed).toBe(1);
  expect(failures.map(({ remote, error }) => [remote, error.code])).toEqual([
    ['received/t/d0/f0', 'local-file'],
  ]);
  expect(await readFile(join(folder, 'elsewhere'), 'utf8')).toBe('untouched');
  expect(await readTree(to)).toEqual({ ...(await readTree(from)), 'd0/f0': undefined });
  const names = await readdir(to, { recursive: true });
  expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('none of them replaces a file that is to be kept', async () => {
  const { client } = await startPair();
  const folder = await makeFolder();
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  await writeTree(from, tree);
  await sendTree(client, from, 'received/t');
  await writeTree(to, { 'd0/f3': 'mine', 'd2/f59': 'mine' });
  const { failed, skipped } = await getTree(client, 'received/t', to, { overwrite: 'never' });
  expect([failed, skipped]).toEqual([0, 2]);
  const expected = { ...(await readTree(from)), 'd0/f3': 'mine', 'd2/f59': 'mine' };
  expect(await readTree(to)).toEqual(expected);
});
