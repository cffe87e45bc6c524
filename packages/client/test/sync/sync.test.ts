import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { builtinCommands } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { syncDown, syncUp, type SyncOutcome } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { startPair, withFolders, writeTree, type Tree } from '../tree/support.js';
import { readLocal, readRemote, recorder, writeRemote } from './support.js';

const root = 'received/t';

/** Names whose order as paths differs from that as texts, in UTF-16 and in bytes. */
const names = ['a', 'a!', 'a.txt', 'b', '.h', 'é', '\u{FFFD}', '\u{1F600}', 'A'];

/** A tree in which nothing is both a file and a folder. */
const trees = fc
  .array(
    fc.tuple(
      fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', 'x', 'yy', undefined),
    ),
    { maxLength: 8 },
  )
  .map((items) => {
    const tree: Record<string, string | undefined> = {};
    for (const [parts, content] of items) {
      const path = parts.join('/');
      const known = Object.entries(tree);
      const isBelowFile = known.some(([p, c]) => c !== undefined && path.startsWith(`${p}/`));
      const isAbove = known.some(([p]) => p.startsWith(`${path}/`));
      if (!isBelowFile && !(isAbove && content !== undefined) && !(path in tree)) {
        tree[path] = content;
      }
    }
    return withFolders(tree);
  });

describe.each([{ onDisk: true }, { onDisk: false }])(
  'any two trees, with a store %j',
  ({ onDisk }) => {
    test('are equal afterwards, up and down, and stay so', async () => {
      const { client } = await startPair({ onDisk });
      const around = await makeFolder();
      let turn = 0;
      await fc.assert(
        fc.asyncProperty(trees, trees, async (mine, theirs) => {
          turn += 1;
          const [local, remote] = [join(around, `l${turn}`), `received/r${turn}`];
          const options = { delete: true, force: true };

          await writeTree(local, mine);
          await writeRemote(client, remote, theirs);
          expect((await syncUp(client, local, remote, options)).failed).toBe(0);
          expect(await readRemote(client, remote)).toEqual(mine);
          const again = await syncUp(client, local, remote, options);
          expect(again).toMatchObject({ files: 0, directories: 0, removed: 0, failed: 0 });

          await rm(local, { recursive: true });
          await writeTree(local, theirs);
          expect((await syncDown(client, remote, local, options)).failed).toBe(0);
          expect(await readLocal(around, `l${turn}`)).toEqual(mine);
          const back = await syncDown(client, remote, local, options);
          expect(back).toMatchObject({ files: 0, directories: 0, removed: 0, failed: 0 });
        }),
        { numRuns: 15 },
      );
    });
  },
);

const tree: Tree = { a: 'aa', 'deep/er/b': 'bb', c: 'cc', empty: undefined, 'old/x': 'x' };

describe('a sync', () => {
  test('moves what differs in size or time, and nothing else', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, tree);
    expect(await syncUp(client, folder, root)).toMatchObject({ files: 4, unchanged: 0 });
    await writeFile(join(folder, 'a'), 'longer');
    await utimes(join(folder, 'c'), 1, 1);
    await rm(join(folder, 'old'), { recursive: true });
    const { seen, onOutcome } = recorder(root);
    const result = await syncUp(client, folder, root, { onOutcome });
    expect(result).toMatchObject({ files: 2, unchanged: 1, removed: 0, failed: 0 });
    expect(seen.sort()).toEqual(['file a', 'file c']);
    // What only the server has stays, and comes back.
    expect(await syncDown(client, root, folder)).toMatchObject({ files: 1, unchanged: 3 });
    expect(await readLocal(folder, '')).toEqual(await readRemote(client, root));
  });

  test('compares by content, if that is wanted', async () => {
    const { client } = await startPair({ onDisk: true });
    const folder = await makeFolder();
    const big = 'x'.repeat(3_000_000);
    await writeTree(folder, { same: 'same', other: 'abc', big, empty: '' });
    await writeRemote(client, root, { same: 'same', other: 'abd', big, empty: '' }, 1000);
    for (const name of ['other', 'same']) await utimes(join(folder, name), 1, 1);
    expect(await syncUp(client, folder, root, { dryRun: true })).toMatchObject({
      files: 2,
      unchanged: 2,
    });
    const { seen, onOutcome } = recorder(root);
    const options = { checksum: true, onOutcome };
    expect(await syncUp(client, folder, root, options)).toMatchObject({ files: 1, unchanged: 3 });
    expect(seen).toEqual(['file other']);
    await writeFile(join(folder, 'big'), `${big.slice(1)}y`);
    expect(await syncDown(client, root, folder, options)).toMatchObject({
      files: 1,
      unchanged: 3,
    });
  });

  test('says when a server has no digests', async () => {
    const commands = builtinCommands.filter(({ name }) => name !== 'DIGEST');
    const { client } = await startPair({ commands });
    const folder = await makeFolder();
    const failure = await failureOf(syncUp(client, folder, root, { checksum: true }));
    expect(failure.code).toBe('bad-request');
  });

  test('says what it would do, and does nothing', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, tree);
    await writeRemote(client, root, { a: 'aa', x: 'x', y: 'y', z: 'z', deep: 'in the way' });
    const { seen, onOutcome } = recorder(root);
    const options = { delete: true, force: true, dryRun: true, onOutcome };
    expect(await syncUp(client, folder, root, options)).toMatchObject({ files: 4, removed: 4 });
    expect(seen).toEqual(expect.arrayContaining(['removed x', 'removed deep', 'file deep/er/b']));
    expect(Object.keys(await readRemote(client, root))).toEqual(['a', 'deep', 'x', 'y', 'z']);
    await syncDown(client, root, join(folder, 'new'), options);
    expect(await readdir(folder)).not.toContain('new');
  });

  test('needs folders, and makes none for nothing', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { file: 'f' });
    await client.send(Buffer.from('x'), 'received/file');
    const options = { delete: true, force: true };
    for (const [sync, code] of [
      [syncUp(client, join(folder, 'none'), root, options), 'local-file'],
      [syncUp(client, join(folder, 'file'), root, options), 'local-file'],
      [syncUp(client, folder, 'received/file', options), 'conflict'],
      [syncUp(client, folder, 'received/../x', options), 'bad-name'],
      [syncDown(client, 'received/none', folder, options), 'not-found'],
      [syncDown(client, 'received/file', folder, options), 'conflict'],
      [syncDown(client, 'received', join(folder, 'file'), options), 'local-file'],
    ] as const) {
      expect((await failureOf(sync)).code).toBe(code);
    }
    expect(await readLocal(folder, '')).toEqual({ file: 'f' });
    expect(await readRemote(client, 'received')).toEqual({ file: 'x' });
  });

  test('counts ahead what differs, for who wants to know', async () => {
    // Slow enough that the counting comes first.
    const { client } = await startPair({ connect: { rateLimit: 2_000_000 } });
    const folder = await makeFolder();
    await writeTree(folder, { ...tree, big: 'x'.repeat(2_000_000) });
    await syncUp(client, folder, root);
    for (const name of ['a', 'big']) await utimes(join(folder, name), 1, 1);
    let found: unknown;
    await syncUp(client, folder, root, {
      concurrency: 1,
      onProgress: (progress) => {
        found = progress.found;
      },
    });
    expect(found).toEqual({ files: 2, bytes: 2_000_002, isComplete: true });
  });
});

describe('removals', () => {
  test('of more than half are refused before anything happens', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { new: 'new' });
    const many = { a: 'a', b: 'b', c: 'c' };
    await writeRemote(client, root, many);
    const refused = await failureOf(syncUp(client, folder, root, { delete: true }));
    expect(refused.code).toBe('too-many-removals');
    expect(await readRemote(client, root)).toEqual(many);
    await writeRemote(client, root, { new: 'new' });
    await writeTree(folder, { a: 'a', c: 'c' });
    // One of four, and none of one.
    expect(await syncUp(client, folder, root, { delete: true })).toMatchObject({ removed: 1 });
    await rm(folder, { recursive: true });
    await mkdir(folder);
    expect((await failureOf(syncUp(client, folder, root, { delete: true }))).code).toBe(
      'too-many-removals',
    );
    await writeRemote(client, 'received/empty', {});
    await writeTree(folder, many);
    const down = syncDown(client, 'received/empty', folder, { delete: true });
    expect((await failureOf(down)).code).toBe('too-many-removals');
    expect(await readLocal(folder, '')).toEqual(many);
    const forced = { delete: true, force: true };
    expect(await syncDown(client, 'received/empty', folder, forced)).toMatchObject({ removed: 3 });
    expect(await readLocal(folder, '')).toEqual({});
  });

  test('leave alone what patterns leave out, and folders that hold it', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { keep: 'k', 'secret.key': 'mine' });
    const theirs = { keep: 'k', 'gone/x': 'x', 'gone/y.key': 'y', 'z.key': 'z', 'rest/x': 'x' };
    await writeRemote(client, root, theirs);
    const options = { delete: true, force: true, exclude: ['*.key'] };
    expect(await syncUp(client, folder, root, options)).toMatchObject({ failed: 0 });
    expect(await readRemote(client, root)).toEqual(
      withFolders({ keep: 'k', 'gone/y.key': 'y', 'z.key': 'z' }),
    );
    expect(await syncDown(client, root, folder, options)).toMatchObject({ failed: 0 });
    expect(await readLocal(folder, '')).toEqual({
      gone: undefined,
      keep: 'k',
      'secret.key': 'mine',
    });
  });

  test('make room where a file is to become a folder, and the other way round', async () => {
    const { client } = await startPair();
    const around = await makeFolder();
    const folder = join(around, 'x');
    await writeTree(folder, { 'one/a': 'a', two: 'two', more: 'm' });
    const theirs = withFolders({ one: 'one', 'two/b/c': 'c', more: 'm' });
    await writeRemote(client, root, { one: 'one', 'two/b/c': 'c', more: 'm' });
    const kept = await syncUp(client, folder, root, { exclude: ['more'] });
    expect(kept).toMatchObject({ failed: 3, files: 0 });
    expect(new Set(kept.failures.map(({ error }) => error.code))).toEqual(new Set(['conflict']));
    expect(await readRemote(client, root)).toEqual(theirs);
    const options = { delete: true, force: true };
    await syncDown(client, root, folder, options);
    expect(await readLocal(around, 'x')).toEqual(theirs);
    await rm(folder, { recursive: true });
    await writeTree(folder, { 'one/a': 'a', two: 'two', more: 'm' });
    expect(await syncUp(client, folder, root, options)).toMatchObject({ failed: 0 });
    expect(await readRemote(client, root)).toEqual(
      withFolders({ 'one/a': 'a', two: 'two', more: 'm' }),
    );
  });

  test('are not made when something of the source cannot be read, or moved', async () => {
    const { client } = await startPair({ capacity: 1000 });
    const folder = await makeFolder();
    await writeTree(folder, { good: 'good' });
    await symlink('nowhere', join(folder, 'broken'));
    await writeRemote(client, root, { extra: 'x', broken: 'y', good: '', g: '' });
    const options = { delete: true, force: true, links: 'follow' } as const;
    const unread = await syncUp(client, folder, root, options);
    expect(unread).toMatchObject({ failed: 1, files: 1, removed: 0, spared: 2 });
    await rm(join(folder, 'broken'));
    await writeTree(folder, { big: 'x'.repeat(2000) });
    const unsent = await syncUp(client, folder, root, options);
    expect(unsent).toMatchObject({ failed: 1, removed: 0, spared: 3 });
    expect(Object.keys(await readRemote(client, root))).toEqual(['broken', 'extra', 'g', 'good']);
  });

  test('are not made for what the server cannot have, nor stopped by it', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { m: 'm', 'n-z': 'z', o: 'o' });
    await writeFile(join(folder, 'bad\\name'), 'x');
    // By its bytes it is between the others, and by what is shown of it behind them.
    await writeFile(Buffer.concat([Buffer.from(`${folder}/n`), Buffer.of(0x2c, 0xe9)]), 'x');
    const both = { m: 'm', 'n-z': 'z', o: 'o' };
    await writeRemote(client, root, { ...both, extra: 'x' });
    const result = await syncUp(client, folder, root, { delete: true });
    expect(result).toMatchObject({ failed: 2, removed: 1 });
    expect(await readRemote(client, root)).toEqual(both);
  });

  test('spare what is no file or folder here, and what a link stands for', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { a: 'a' });
    await symlink('a', join(folder, 'link'));
    await writeRemote(client, root, { a: 'a', 'link/x': 'x' });
    const up = await syncUp(client, folder, root, { delete: true, force: true });
    expect(up).toMatchObject({ removed: 0, skipped: 1 });
    await client.remove(`${root}/link`, { recursive: true });
    await writeTree(folder, { '.b.0123456789abcdef01234567.part': 'part of a download' });
    const down = await syncDown(client, root, folder, { delete: true, force: true });
    expect(down).toMatchObject({ removed: 0, skipped: 0, failed: 0 });
    expect((await readdir(folder)).sort()).toEqual([
      '.b.0123456789abcdef01234567.part',
      'a',
      'link',
    ]);
  });

  test('spare what has come back since they were decided', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { a: 'new', b: 'b', c: 'c' });
    await writeRemote(client, root, { back: 'x', gone: 'x', b: 'b', c: 'c' });
    const options = {
      delete: true,
      onOutcome: async (): Promise<void> => writeFile(join(folder, 'back'), 'back'),
    };
    expect(await syncUp(client, folder, root, options)).toMatchObject({ removed: 1 });
    expect(Object.keys(await readRemote(client, root))).toEqual(['a', 'b', 'back', 'c']);
    await client.remove(`${root}/back`);
    await writeRemote(client, root, { a: 'newer' });
    expect(await syncDown(client, root, folder, options)).toMatchObject({ removed: 0 });
    expect(await readdir(folder)).toContain('back');
  });

  test('spare what somebody else has replaced since they were decided', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { a: 'new', b: 'b', c: 'c' });
    await writeRemote(client, root, { other: 'x', gone: 'x', b: 'b', c: 'c' });
    // As large and as old as what it replaces: only its version tells.
    const { mtime } = await client.stat(`${root}/other`);
    const onOutcome = async ({ type }: SyncOutcome): Promise<void> => {
      if (type === 'file') await client.send(Buffer.from('y'), `${root}/other`, { mtime });
    };
    const result = await syncUp(client, folder, root, { delete: true, onOutcome });
    expect(result).toMatchObject({ removed: 1, failed: 0 });
    const left = { a: 'new', b: 'b', c: 'c', other: 'y' };
    expect(await readRemote(client, root)).toEqual(left);
  });

  test('do not follow from a listing that ends too early', async () => {
    let pages = 0;
    const list = builtinCommands.find(({ name }) => name === 'LIST');
    if (!list) throw new Error('There is no LIST');
    const commands = [
      ...builtinCommands.filter(({ name }) => name !== 'LIST'),
      {
        ...list,
        run: (async (args, context) => {
          pages += 1;
          if (pages % 3 === 0) throw new Error('The disk has gone');
          return list.run({ ...(args as object), limit: 2 }, context);
        }) satisfies typeof list.run,
      },
    ];
    const { client } = await startPair({ commands });
    const folder = await makeFolder();
    const files = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, name]));
    await writeRemote(client, root, files);
    await writeTree(folder, { ...files, z: 'z' });
    const options = { delete: true, force: true };
    expect((await failureOf(syncDown(client, root, folder, options))).code).toBe('server-failed');
    expect(await readLocal(folder, '')).toEqual({ ...files, z: 'z' });
    await rm(join(folder, 'a'));
    expect((await failureOf(syncUp(client, folder, root, options))).code).toBe('server-failed');
    expect((await client.stat(`${root}/a`)).size).toBe(1);
  });

  test('leave no list of them behind', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeRemote(client, root, { a: 'a' });
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('e2eeftp-scratch-'));
    await syncUp(client, folder, root, { delete: true, force: true });
    await writeRemote(client, root, { a: 'a' });
    await failureOf(syncUp(client, folder, root, { delete: true }));
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('e2eeftp-scratch-'));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });
});

test('a signal ends a sync', async () => {
  const { client } = await startPair();
  const folder = await makeFolder();
  await writeTree(folder, tree);
  const signal = AbortSignal.abort();
  expect((await failureOf(syncUp(client, folder, root, { signal }))).code).toBe('aborted');
  expect((await failureOf(syncDown(client, 'received', folder, { signal }))).code).toBe('aborted');
});
