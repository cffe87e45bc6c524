import { chmod, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { getTree, sendTree, type Client, type TreeSize } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { collector, readTree, startPair, writeTree } from './support.js';

const tree = {
  '.hidden/.a': 'a',
  'a.txt': 'text',
  'a.tmp': 'rubbish',
  empty: undefined,
  'src/main.c': 'main',
  'src/main.tmp': 'rubbish',
  'src/deep/.b.txt': 'b',
  'node_modules/x/y.txt': 'y',
};

async function remotePaths(client: Client, path: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of client.list(path, { recursive: true })) paths.push(entry.path);
  return paths;
}

describe('patterns mean the same in both directions', () => {
  test.each([
    [
      { exclude: ['*.tmp', 'node_modules'] },
      ['.hidden/.a', 'a.txt', 'empty', 'src/deep/.b.txt', 'src/main.c'],
    ],
    [{ include: ['*.txt'] }, ['a.txt', 'node_modules/x/y.txt', 'src/deep/.b.txt']],
    [{ include: ['src', 'empty'], exclude: ['*.tmp', 'deep/'] }, ['empty', 'src/main.c']],
    [{ exclude: ['*'] }, []],
  ])('%j', async (options, expected) => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(join(folder, 'from'), tree);
    const leaves = (paths: string[]): string[] =>
      paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`))).sort();

    await sendTree(client, join(folder, 'from'), 'received/some', options);
    expect(leaves(await remotePaths(client, 'received/some'))).toEqual(expected);

    await sendTree(client, join(folder, 'from'), 'received/all');
    await getTree(client, 'received/all', join(folder, 'to'), options);
    expect(leaves(Object.keys(await readTree(join(folder, 'to'))))).toEqual(expected);
  });

  test('and refuse what is no pattern before anything moves', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(join(folder, 'from'), tree);
    for (const transfer of [
      sendTree(client, join(folder, 'from'), 'received/t', { exclude: [''] }),
      getTree(client, 'received', join(folder, 'to'), { include: ['/'] }),
    ]) {
      expect((await failureOf(transfer)).code).toBe('bad-configuration');
    }
    expect(await remotePaths(client, 'received')).toEqual([]);
    expect(await readdir(folder)).toEqual(['from']);
  });
});

describe('links that are followed', () => {
  test('give what they lead to, and circles end', async () => {
    const { client } = await startPair();
    const around = await makeFolder();
    const folder = join(around, 'tree');
    await writeTree(around, { 'outside/far': 'far', 'tree/real/f': 'f', 'tree/g': 'g' });
    await symlink('../outside', join(folder, 'folder-link'));
    await symlink('g', join(folder, 'file-link'));
    await symlink('nowhere', join(folder, 'broken'));
    await symlink('.', join(folder, 'self'));
    await symlink('../..', join(folder, 'real/up'));
    await symlink('loop', join(folder, 'loop'));
    const { outcomes, onOutcome } = collector();
    const options = { links: 'follow', onOutcome, exclude: ['skipped'] } as const;
    await symlink('nowhere', join(folder, 'skipped'));
    const result = await sendTree(client, folder, 'received/t', options);
    expect(result).toMatchObject({ failed: 2 });
    const paths = await remotePaths(client, 'received/t');
    expect(paths).toEqual(expect.arrayContaining(['folder-link/far', 'file-link', 'real/f']));
    expect(paths).toContain('real/up/outside/far');
    const loops = outcomes.filter((outcome) => outcome.type === 'skipped');
    expect(loops.map(({ remote }) => remote)).toContain('received/t/self');
    for (const loop of loops) expect(loop).toMatchObject({ reason: 'link-loop' });
    const failed = outcomes.filter((outcome) => outcome.type === 'failed');
    expect(failed.map(({ remote }) => remote).sort()).toEqual([
      'received/t/broken',
      'received/t/loop',
    ]);
  });

  test('multiply nothing without end', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    // Each folder leads to the next one through a link; no circle, and no end within reason.
    for (let index = 0; index < 20; index++) {
      await mkdir(join(folder, `d${index}`));
      await symlink(`../d${index + 1}`, join(folder, `d${index}/next`));
    }
    await mkdir(join(folder, 'd20'));
    const options = { links: 'follow', include: ['d0'] } as const;
    expect(await sendTree(client, folder, 'received/t', options)).toMatchObject({
      failed: 0,
      skipped: 1,
    });
    const deepest = (await remotePaths(client, 'received/t')).map((path) => path.split('/').length);
    expect(Math.max(...deepest)).toBe(9);
  });
});

describe('a dry run', () => {
  test('says what would come to the server, and changes nothing', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(join(folder, 'from'), tree);
    await client.send(Buffer.from('old'), 'received/t/a.txt');
    const { outcomes, onOutcome } = collector();
    const options = { dryRun: true, overwrite: 'never', onOutcome } as const;
    const result = await sendTree(client, join(folder, 'from'), 'received/t', options);
    expect(result).toMatchObject({ files: 6, directories: 1, skipped: 1, failed: 0, bytes: 21 });
    expect(outcomes).toContainEqual({
      type: 'file',
      local: join(folder, 'from/src/main.c'),
      remote: 'received/t/src/main.c',
      size: 4,
    });
    expect(await remotePaths(client, 'received')).toEqual(['t', 't/a.txt']);
  });

  test('says what would come from the server, and changes nothing', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(join(folder, 'from'), tree);
    await sendTree(client, join(folder, 'from'), 'received/t');
    await writeTree(join(folder, 'to'), { 'a.txt': 'old' });
    const options = { dryRun: true, overwrite: 'never', exclude: ['*.tmp'] } as const;
    const result = await getTree(client, 'received/t', join(folder, 'to'), options);
    expect(result).toMatchObject({ files: 4, skipped: 1, failed: 0 });
    expect(await readTree(join(folder, 'to'))).toEqual({ 'a.txt': 'old' });
    await getTree(client, 'received/t', join(folder, 'new'), options);
    expect((await readdir(folder)).sort()).toEqual(['from', 'to']);
  });
});

describe.each([{ onDisk: true }, { onDisk: false }])(
  'permissions, with a store %j',
  ({ onDisk }) => {
    test('are kept when that is wanted', async () => {
      const { client } = await startPair({ onDisk });
      const folder = await makeFolder();
      await writeTree(join(folder, 'from'), { run: '#!', 'in/read': 'r', 'in/all': 'a' });
      await chmod(join(folder, 'from/run'), 0o4755);
      await chmod(join(folder, 'from/in/read'), 0o440);
      await chmod(join(folder, 'from/in/all'), 0o666);
      const options = { preserveMode: true, preserveTime: true };
      await sendTree(client, join(folder, 'from'), 'received/t', options);
      await getTree(client, 'received/t', join(folder, 'to'), options);
      const modeOf = async (path: string): Promise<string> =>
        ((await stat(join(folder, path))).mode & 0o7777).toString(8);
      expect(await modeOf('to/run')).toBe('755');
      // Its owner on the server has to be able to read it.
      expect(await modeOf('to/in/read')).toBe('640');
      expect(await modeOf('to/in/all')).toBe('666');
      expect((await client.stat('received/t/run')).mode).toBe(0o755);
      expect((await client.stat('received/t/in')).mode).toBeUndefined();
    });

    test('are nobody’s business otherwise', async () => {
      const { client } = await startPair({ onDisk });
      const folder = await makeFolder();
      await writeTree(join(folder, 'from'), { run: '#!' });
      await chmod(join(folder, 'from/run'), 0o777);
      await sendTree(client, join(folder, 'from'), 'received/t', { preserveMode: true });
      await sendTree(client, join(folder, 'from'), 'received/t');
      expect((await client.stat('received/t/run')).mode).toBe(0o600);
      await client.send(Buffer.from('x'), 'received/t/run', { mode: 0o751 });
      expect((await client.stat('received/t/run')).mode).toBe(0o751);
      await getTree(client, 'received/t', join(folder, 'to'));
      await writeTree(folder, { usual: 'made as files are made' });
      const { mode } = await stat(join(folder, 'usual'));
      expect((await stat(join(folder, 'to/run'))).mode).toBe(mode);
    });

    test.each([-1, 0o1000, 0o4755, 0o7777])(
      'are refused beyond what they can say: %d',
      async (mode) => {
        const { client } = await startPair({ onDisk });
        const failure = await failureOf(client.send(Buffer.from('x'), 'received/f', { mode }));
        expect(failure.code).toBe('bad-request');
        expect(await remotePaths(client, 'received')).toEqual([]);
      },
    );
  },
);

test('how much there is, is counted ahead for who wants to know', async () => {
  // Slow enough that the counting comes first.
  const { client } = await startPair({ connect: { rateLimit: 2_000_000 } });
  const folder = await makeFolder();
  await writeTree(join(folder, 'from'), { ...tree, big: 'x'.repeat(3_000_000) });
  const found: (TreeSize | undefined)[] = [];
  const options = {
    exclude: ['*.tmp'],
    concurrency: 1,
    onProgress: (progress: { found?: TreeSize | undefined }): void => {
      found.push(progress.found);
    },
  };
  const sent = await sendTree(client, join(folder, 'from'), 'received/t', options);
  expect(found.at(-1)).toEqual({ files: sent.files, bytes: sent.bytes, isComplete: true });
  found.length = 0;
  const got = await getTree(client, 'received/t', join(folder, 'to'), options);
  expect(found.at(-1)).toEqual({ files: got.files, bytes: got.bytes, isComplete: true });
  found.length = 0;
  await getTree(client, 'received/t/big', join(folder, 'one'), options);
  expect(found.at(-1)).toEqual({ files: 1, bytes: 3_000_000, isComplete: true });
});
