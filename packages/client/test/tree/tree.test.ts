import { chmodSync } from 'node:fs';
import { mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { getTree, sendTree, sendTrees, type TreeOutcome } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { collector, readTree, startPair, withFolders, writeTree, type Tree } from './support.js';

const odd: Tree = {
  'plain.txt': 'a file\n',
  empty: '',
  '.hidden': 'hidden',
  '.config/.deep/.x': 'x',
  'a folder/with spaces/and more.txt': 'spaces',
  '-rf': 'dash',
  '--': 'dashes',
  'emoji \u{1F469}\u200D\u{1F680}': 'emoji',
  'nfc-\u00E9': 'composed',
  'nfd-e\u0301': 'decomposed',
  '\u65E5\u672C\u8A9E/\u0440\u0443\u0441\u0441\u043A\u0438\u0439/\u0627\u0644\u0639\u0631\u0628\u064A\u0629':
    'scripts',
  'colon:name': 'colon',
  ['n'.repeat(255)]: 'long',
  ['\u65E5'.repeat(85)]: 'long in bytes',
  ['\u{1F600}'.repeat(63)]: 'long in emoji',
  'empty folder': undefined,
  'folders/in/folders/without/files': undefined,
  'binary.dat': String.fromCharCode(...Array.from({ length: 256 }, (_, index) => index)).repeat(
    5000,
  ),
};

describe.each([{ onDisk: true }, { onDisk: false }])('a tree, with a store %j', ({ onDisk }) => {
  test('comes back as it was, bit by bit', async () => {
    const { client } = await startPair({ onDisk });
    const folder = await makeFolder();
    await writeTree(join(folder, 'from'), odd);
    const files = Object.values(odd).filter((content) => content !== undefined);
    const counts = {
      files: files.length,
      bytes: files.reduce((sum, content) => sum + content.length, 0),
      skipped: 0,
      failed: 0,
      failures: [],
    };
    const sent = await sendTree(client, join(folder, 'from'), 'received/tree');
    expect(sent).toEqual({ ...counts, directories: 2 });
    const got = await getTree(client, 'received/tree', join(folder, 'to'));
    expect(got).toMatchObject(counts);
    expect(await readTree(join(folder, 'to'))).toEqual(withFolders(odd));
    // Again, over what is there.
    expect((await sendTree(client, join(folder, 'to'), 'received/tree')).failed).toBe(0);
    expect((await getTree(client, 'received/tree', join(folder, 'to'))).failed).toBe(0);
    expect(await readTree(join(folder, 'to'))).toEqual(withFolders(odd));
  });

  test('of nothing is a folder', async () => {
    const { client } = await startPair({ onDisk });
    const folder = await makeFolder();
    await mkdir(join(folder, 'empty'));
    expect(await sendTree(client, join(folder, 'empty'), 'received/e')).toMatchObject({
      files: 0,
      directories: 1,
    });
    expect((await client.stat('received/e')).type).toBe('directory');
    expect(await getTree(client, 'received/e', join(folder, 'back'))).toMatchObject({
      files: 0,
      failed: 0,
    });
    expect(await readdir(join(folder, 'back'))).toEqual([]);
  });

  test('of one file is the file', async () => {
    const { client } = await startPair({ onDisk });
    const folder = await makeFolder();
    await writeFile(join(folder, 'one'), 'one');
    expect(await sendTree(client, join(folder, 'one'), 'received/1')).toMatchObject({
      files: 1,
      bytes: 3,
    });
    expect(await getTree(client, 'received/1', join(folder, 'two'))).toMatchObject({
      files: 1,
      bytes: 3,
    });
    expect(await readTree(folder)).toEqual({ one: 'one', two: 'one' });
  });

  test('of many small files arrives whole', async () => {
    const { client } = await startPair({ onDisk });
    const folder = await makeFolder();
    const tree: Record<string, string> = {};
    for (let index = 0; index < 300; index++) tree[`d${index % 7}/f${index}`] = `content ${index}`;
    await writeTree(join(folder, 'from'), tree);
    expect((await sendTree(client, join(folder, 'from'), 'received/many')).files).toBe(300);
    expect((await getTree(client, 'received/many', join(folder, 'to'))).files).toBe(300);
    expect(await readTree(join(folder, 'to'))).toEqual(withFolders(tree));
  });
});

describe('sending a tree', () => {
  test('skips links and what is no file, and says so', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { 'real.txt': 'real', 'only links/': undefined });
    await symlink('real.txt', join(folder, 'link'));
    await symlink('/etc', join(folder, 'only links', 'etc'));
    await symlink('nowhere', join(folder, 'broken'));
    const socket = createServer();
    await new Promise<void>((resolve) => {
      socket.listen(join(folder, 'socket'), resolve);
    });
    const { outcomes, onOutcome } = collector();
    const result = await sendTree(client, folder, 'received/t', { onOutcome });
    await new Promise<void>((resolve) => {
      socket.close(() => {
        resolve();
      });
    });
    expect(result).toMatchObject({ files: 1, directories: 1, skipped: 4, failed: 0 });
    const reasons = outcomes.flatMap((outcome) =>
      outcome.type === 'skipped' ? [[outcome.remote, outcome.reason]] : [],
    );
    expect(reasons.sort()).toEqual([
      ['received/t/broken', 'symbolic-link'],
      ['received/t/link', 'symbolic-link'],
      ['received/t/only links/etc', 'symbolic-link'],
      ['received/t/socket', 'special-file'],
    ]);
    expect((await client.stat('received/t/only links')).type).toBe('directory');
  });

  test('follows a link that was named itself', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { 'real/a': 'a' });
    await symlink('real', join(folder, 'link'));
    expect((await sendTree(client, join(folder, 'link'), 'received/t')).files).toBe(1);
  });

  test('reports names that the server does not take, and sends the others', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    const names = ['back\\slash', 'new\nline', 'c1\u0085', 'del\u007F'];
    for (const name of names) await writeFile(join(folder, name), name);
    await writeFile(Buffer.concat([Buffer.from(`${folder}/latin1-`), Buffer.of(0xe9)]), 'bytes');
    await writeTree(folder, { 'bad\tfolder/inside': 'x', good: 'good' });
    const result = await sendTree(client, folder, 'received/t');
    expect(result).toMatchObject({ files: 1, failed: 6 });
    expect(result.failures.map(({ error }) => error.code)).toEqual(
      Array.from({ length: 6 }, () => 'bad-name'),
    );
    const deep = Array.from({ length: 40 }, () => 'd').join('/');
    await writeTree(folder, { [`${deep}/f`]: 'too deep' });
    expect((await sendTree(client, folder, 'received/t')).failed).toBe(7);
  });

  test('goes on when a file fails', async () => {
    const { client } = await startPair({ capacity: 100_000 });
    const folder = await makeFolder();
    await writeTree(folder, { a: 'a', b: 'b'.repeat(200_000), c: 'c', 'd/e': 'e' });
    await client.send(Buffer.from('file'), 'received/t/d');
    const result = await sendTree(client, folder, 'received/t');
    expect(result).toMatchObject({ files: 2, bytes: 2, failed: 2 });
    const codes = result.failures.map(({ error }) => error.code);
    expect(codes.sort()).toEqual(['conflict', 'no-space']);
    expect((await client.stat('received/t/c')).size).toBe(1);
  });

  test('reports what cannot be read', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { 'closed/x': 'x', a: 'a' });
    const missing = await sendTree(client, join(folder, 'missing'), 'received/t');
    expect(missing.failures.map(({ error }) => error.code)).toEqual(['local-file']);
    if (process.getuid?.() === 0) return;
    chmodSync(join(folder, 'closed'), 0);
    expect(await sendTree(client, folder, 'received/t')).toMatchObject({ files: 1, failed: 1 });
    chmodSync(join(folder, 'closed'), 0o700);
  });

  test('keeps what is there, if that is wanted', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { a: 'new', b: 'new', 'c/d': 'new', 'e/f': 'new' });
    await client.send(Buffer.from('old'), 'received/t/a');
    await client.send(Buffer.from('a file where a folder should be'), 'received/t/c');
    await client.mkdir('received/t/b');
    const { outcomes, onOutcome } = collector();
    const result = await sendTree(client, folder, 'received/t', { overwrite: 'never', onOutcome });
    expect(result).toMatchObject({ files: 1, skipped: 1, failed: 2 });
    const kept = outcomes.filter(({ type }) => type === 'skipped');
    expect(kept).toMatchObject([{ remote: 'received/t/a', reason: 'exists' }]);
    expect((await client.stat('received/t/a')).size).toBe(3);
  });

  test('takes several sources, and none', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { 'a/x': '1', b: '22' });
    const sources = [
      { local: join(folder, 'a'), remote: 'received/one' },
      { local: join(folder, 'b'), remote: 'received/two' },
      { local: join(folder, 'b'), remote: 'received/../three' },
    ];
    expect(await sendTrees(client, sources)).toMatchObject({ files: 2, bytes: 3, failed: 1 });
    expect(await sendTrees(client, [])).toMatchObject({ files: 0, failed: 0 });
  });

  test('ends when the signal says so, and when the server is gone', async () => {
    const { client, server } = await startPair();
    const folder = await makeFolder();
    const tree: Record<string, string> = {};
    for (let index = 0; index < 50; index++) tree[`f${index}`] = 'x'.repeat(300_000);
    await writeTree(folder, tree);
    const controller = new AbortController();
    const progress = {
      onProgress: (): void => {
        controller.abort();
      },
      signal: controller.signal,
    };
    expect((await failureOf(sendTree(client, folder, 'received/t', progress))).code).toBe(
      'aborted',
    );
    await failureOf(sendTree(client, folder, 'received/t', { signal: AbortSignal.abort() }));
    let outcomes = 0;
    const lost = sendTree(client, folder, 'received/t', {
      onOutcome: () => {
        outcomes += 1;
        if (outcomes === 3) void server.close();
      },
    });
    expect(['disconnected', 'unreachable', 'shutting-down']).toContain(
      (await failureOf(lost)).code,
    );
  });

  test('tells how far it is', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await writeTree(folder, { a: 'a'.repeat(1_000_000), b: 'b' });
    let last = 0;
    let largest = 0;
    const result = await sendTree(client, folder, 'received/t', {
      onProgress: ({ bytes, current }) => {
        expect(bytes).toBeGreaterThanOrEqual(last);
        last = bytes;
        if (current.remote === 'received/t/a') {
          expect(current.total).toBe(1_000_000);
          largest = current.transferred;
        }
      },
    });
    expect(last).toBe(result.bytes);
    expect(largest).toBe(1_000_000);
  });
});

describe('receiving a tree', () => {
  test('of something that is not there makes nothing', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    const failure = await failureOf(getTree(client, 'received/none', join(folder, 'to')));
    expect(failure.code).toBe('not-found');
    expect(await readdir(folder)).toEqual([]);
  });

  test('goes on when a file fails', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    for (const path of ['a', 'b/c', 'd', 'e/f'])
      await client.send(Buffer.from(path), `received/t/${path}`);
    await writeTree(folder, {
      b: 'a file in the place of a folder',
      'd/x': 'a folder in the place of a file',
    });
    const result = await getTree(client, 'received/t', folder);
    expect(result).toMatchObject({ files: 2, failed: 3 });
    expect(result.failures.map(({ error }) => error.code)).toEqual([
      'local-file',
      'local-file',
      'local-file',
    ]);
    expect(await readTree(folder)).toEqual({
      a: 'a',
      b: 'a file in the place of a folder',
      d: undefined,
      'd/x': 'a folder in the place of a file',
      e: undefined,
      'e/f': 'e/f',
    });
  });

  test('keeps what is there, if that is wanted, and the times of the server', async () => {
    const { client } = await startPair({ onDisk: true });
    const folder = await makeFolder();
    await client.send(Buffer.from('new'), 'received/t/a', { mtime: 1_000_000_000_000 });
    await client.send(Buffer.from('new'), 'received/t/b', { mtime: 1_000_000_000_000 });
    await writeTree(folder, { a: 'old' });
    await utimes(join(folder, 'a'), 5, 5);
    const options = { overwrite: 'never', preserveTime: true } as const;
    const result = await getTree(client, 'received/t', folder, options);
    expect(result).toMatchObject({ files: 1, skipped: 1, failed: 0 });
    expect(await readTree(folder)).toEqual({ a: 'old', b: 'new' });
    expect((await stat(join(folder, 'b'))).mtimeMs).toBe(1_000_000_000_000);
  });

  test('ends when the signal says so, and leaves nothing half', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    for (const name of ['a', 'b', 'c']) {
      await client.send(new Uint8Array(3_000_000), `received/t/${name}`);
    }
    const controller = new AbortController();
    const outcomes: TreeOutcome[] = [];
    const aborted = getTree(client, 'received/t', folder, {
      signal: controller.signal,
      onProgress: ({ current }) => {
        if (current.transferred > 1_000_000) controller.abort();
      },
      onOutcome: (outcome) => {
        outcomes.push(outcome);
      },
    });
    expect((await failureOf(aborted)).code).toBe('aborted');
    for (const content of Object.values(await readTree(folder)))
      expect(content).toHaveLength(3_000_000);
    expect(await readdir(folder)).toHaveLength(outcomes.length);
    // The client can still be used.
    expect((await getTree(client, 'received/t', folder)).files).toBe(3);
  });
});
