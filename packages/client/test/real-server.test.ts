import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { parsePath } from '@e2eeftp/protocol';
import { builtinCommands, CommandError, defineCommand } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import type { Client, Progress } from '../src/index.js';
import { failureOf, makeFolder } from './home/support.js';
import { collect } from './support/collect.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { startPair } from './tree/support.js';

expectNoUnhandledRejections();

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const sizes = [
  0,
  1,
  256 * kibibyte - 1,
  256 * kibibyte,
  256 * kibibyte + 1,
  mebibyte - 1,
  mebibyte,
  mebibyte + 1,
  5 * mebibyte,
  20 * mebibyte,
];

/** Fresh bytes in chunks of odd sizes, some of them empty. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const lengths = [1, 0, 65_537, 300_001, 1_500_000];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(start, start + length);
    start += length;
  }
}

/** Progress that never goes back, and ends at the total. */
function watch(): { onProgress: (progress: Progress) => void; expectEnd(total: number): void } {
  const seen: Progress[] = [];
  return {
    onProgress: (progress) => {
      seen.push(progress);
    },
    expectEnd(total) {
      const values = seen.map(({ transferred }) => transferred);
      expect(values).toEqual(values.toSorted((one, other) => one - other));
      expect(values.at(-1) ?? 0).toBe(total);
      expect(seen.every((progress) => progress.total === total)).toBe(true);
    },
  };
}

describe.each([
  ['on disk', true],
  ['in memory', false],
])('files %s', (_where, onDisk) => {
  test.each(sizes)('of %i bytes go there and back in every way', async (size) => {
    const { client, store } = await startPair({ onDisk });
    const folder = await makeFolder();
    const bytes = randomBytes(size);
    const path = join(folder, 'source');
    await writeFile(path, bytes);
    const sources = [path, bytes, Readable.from(pieces(bytes)), pieces(bytes)];
    for (const [index, source] of sources.entries()) {
      const name = `received/${String(index)}`;
      const sending = watch();
      const { onProgress } = sending;
      const stored = await client.send(source, name, {
        size,
        onProgress,
        checksum: index % 2 === 0,
      });
      sending.expectEnd(size);
      expect(stored.size).toBe(size);
      const reader = await store.open(parsePath(name));
      expect(reader.file).toEqual(stored);
      await reader.close();

      const getting = watch();
      const target = join(folder, String(index));
      const got = await client.get(name, target, { onProgress: getting.onProgress });
      getting.expectEnd(size);
      expect(got).toEqual(stored);
      expect(bytes.equals(await readFile(target))).toBe(true);
    }
    const stream = new PassThrough();
    const [streamed] = await Promise.all([
      buffer(stream),
      client.get('received/0', stream).then(() => stream.end()),
    ]);
    expect(bytes.equals(streamed)).toBe(true);
    const chunks = await collect(client.read('received/0'));
    expect(bytes.equals(Buffer.concat(chunks))).toBe(true);
    // Nothing of an unfinished file stays.
    expect((await readdir(folder)).sort()).toEqual(['0', '1', '2', '3', 'source']);
  });

  test('give any part of themselves', async () => {
    const { client } = await startPair({ onDisk });
    const bytes = randomBytes(3 * mebibyte);
    const { etag } = await client.send(bytes, 'received/a');
    const read = async (offset?: number, length?: number): Promise<Buffer> =>
      Buffer.concat(await collect(client.read('received/a', { offset, length, etag })));
    for (const [offset, length] of [
      [0, 0],
      [0, 1],
      [mebibyte - 1, 2],
      [mebibyte, mebibyte],
      [3 * mebibyte - 1, undefined],
      [3 * mebibyte, undefined],
      [3 * mebibyte - 1, 100],
      [undefined, 5],
    ] as const) {
      const start = offset ?? 0;
      const end = length === undefined ? undefined : start + length;
      expect(bytes.subarray(start, end).equals(await read(offset, length))).toBe(true);
    }
    expect((await failureOf(read(3 * mebibyte + 1))).code).toBe('bad-range');
    expect((await failureOf(read(-1))).code).toBe('bad-request');
    const other = client.read('received/a', { etag: 'another' });
    expect((await failureOf(other.next())).code).toBe('conflict');
  });

  test('are replaced only as their sender says', async () => {
    const { client } = await startPair({ onDisk });
    const { etag } = await client.send(Buffer.from('one'), 'received/a', { overwrite: 'never' });
    const never = client.send(Buffer.from('two'), 'received/a', { overwrite: 'never' });
    expect((await failureOf(never)).code).toBe('conflict');
    const { etag: second } = await client.send(Buffer.from('three'), 'received/a', {
      overwrite: { etag },
    });
    expect(second).not.toBe(etag);
    const stale = client.send(Buffer.from('four'), 'received/a', { overwrite: { etag } });
    expect((await failureOf(stale)).code).toBe('conflict');
    expect(String(Buffer.concat(await collect(client.read('received/a'))))).toBe('three');
    await client.send(Buffer.from('five'), 'received/a');
    expect((await client.stat('received/a')).size).toBe(4);
  });

  test('are removed, renamed, and put into folders', async () => {
    const { client } = await startPair({ onDisk });
    await client.mkdir('received/a/b');
    await client.mkdir('received/a/b');
    await client.send(Buffer.from('one'), 'received/a/b/one');
    await client.send(Buffer.from('two'), 'received/two');
    expect((await failureOf(client.rename('received/two', 'received/a/b/one'))).code).toBe(
      'conflict',
    );
    await client.rename('received/two', 'received/a/b/one', { overwrite: 'always' });
    expect((await failureOf(client.stat('received/two'))).code).toBe('not-found');
    expect((await failureOf(client.remove('received/a'))).code).toBe('conflict');
    expect((await failureOf(client.mkdir('received/a/b/one'))).code).toBe('conflict');
    await client.rename('received/a', 'received/c/d');
    expect((await client.stat('received/c/d/b/one')).size).toBe(3);
    await client.remove('received/c', { recursive: true });
    expect(await collect(client.list('received', { recursive: true }))).toEqual([]);
    expect((await failureOf(client.remove('received/c'))).code).toBe('not-found');
    expect((await failureOf(client.remove('received'))).code).toMatch(
      /^(?:bad-request|not-allowed)$/u,
    );
  });

  test('get and keep the times that they are given', async () => {
    const { client } = await startPair({ onDisk });
    const folder = await makeFolder();
    const path = join(folder, 'source');
    await writeFile(path, 'abc');
    await utimes(path, 1_500_000_000, 1_500_000_000);
    expect((await client.send(path, 'received/a')).mtime).toBe(1_500_000_000_000);
    expect((await client.send(path, 'received/b', { mtime: 12_345 })).mtime).toBe(12_345);
    await client.get('received/b', join(folder, 'kept'), { preserveTime: true });
    expect((await stat(join(folder, 'kept'))).mtimeMs).toBe(12_345);
    await client.get('received/b', join(folder, 'fresh'));
    expect((await stat(join(folder, 'fresh'))).mtimeMs).toBeGreaterThan(1_500_000_000_000);
  });

  test('work two hundred at a time', async () => {
    const { client, server } = await startPair({ onDisk });
    const folder = await makeFolder();
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    const one = async (index: number): Promise<void> => {
      const bytes = randomBytes(index * 100);
      const path = `received/${String(index)}`;
      await client.send(bytes, path);
      const target = join(folder, String(index));
      await Promise.all([client.get(path, target), client.stat(path), client.ping()]);
      expect(digest(await readFile(target))).toBe(digest(bytes));
    };
    await Promise.all(Array.from({ length: 200 }, (_, index) => one(index)));
    expect(await collect(client.list('received'))).toHaveLength(200);
    expect(server.connections).toBeLessThanOrEqual(4);
  });
});

describe('a local file', () => {
  test('that is there is kept or replaced, as the caller says', async () => {
    const { client } = await startPair();
    const path = join(await makeFolder(), 'a');
    await client.send(Buffer.from('new'), 'received/a');
    await writeFile(path, 'old');
    const kept = client.get('received/a', path, { overwrite: 'never' });
    expect((await failureOf(kept)).code).toBe('conflict');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(join(path, '..'))).toEqual(['a']);
    await client.get('received/a', path);
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  test('keeps a name of the greatest length', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    await client.send(Buffer.from('new'), 'received/a');
    for (const name of ['x'.repeat(255), 'ä'.repeat(127), '🗎'.repeat(63)]) {
      await client.get('received/a', join(folder, name));
      expect(await readdir(folder)).toContain(name);
    }
  });
});

test('a listing of 5,000 names comes whole and in order', async () => {
  const { client, store } = await startPair();
  const names = Array.from(
    { length: 5000 },
    (_, index) => `folder ${String(index % 50)}/${'name '.repeat(30)}${String(index)}`,
  );
  for (const name of names) {
    const path = parsePath(`received/${name}`);
    const upload = await store.createUpload({ path, size: undefined });
    await upload.commit({ overwrite: 'always' });
  }
  const all = await collect(client.list('received', { recursive: true }));
  const files = all.filter(({ type }) => type === 'file').map(({ path }) => path);
  expect(new Set(files)).toEqual(new Set(names));
  expect(files).toHaveLength(names.length);
  expect(all).toHaveLength(names.length + 50);
  expect(await collect(client.list('received'))).toHaveLength(50);
  expect((await failureOf(collect(client.list('received/none')))).code).toBe('not-found');
  for await (const { path } of client.list('', { recursive: true })) {
    expect(path).toBe('received');
    break;
  }
  await client.ping();
});

describe('the server', () => {
  const anything = {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
  } as const;

  async function startWithCommand(): Promise<Client> {
    const greet = defineCommand({
      name: 'GREET',
      summary: 'Greets',
      args: anything,
      effect: 'none',
      handler: async (args) => {
        if (typeof args !== 'object' || args === null || !('name' in args)) {
          throw new CommandError(400);
        }
        return { status: 200, result: { hello: String(args.name) } };
      },
    });
    const { client } = await startPair({ commands: [...builtinCommands, greet] });
    return client;
  }

  test('tells of itself and of the client', async () => {
    const client = await startWithCommand();
    const words = (await client.commands()).map(({ name }) => name);
    expect(words).toEqual(
      expect.arrayContaining(['SEND', 'GET', 'LIST', 'DELETE', 'HLIST', 'GREET']),
    );
    const { access, identity } = await client.whoami();
    expect({ access, length: identity.length }).toEqual({ access: 'rw', length: 32 });
    expect(await client.ping()).toBeGreaterThanOrEqual(0);
    expect(client.greeting.welcome.protocol).toBe(2);
  });

  test('answers commands that its owner added', async () => {
    const client = await startWithCommand();
    expect(await client.request('GREET', { name: 'you' })).toEqual({
      status: 200,
      result: { hello: 'you' },
    });
    expect((await failureOf(client.request('GREET', {}))).code).toBe('bad-request');
    expect((await failureOf(client.request('NOTHING', {}))).code).toBe('bad-request');
    // A body that nobody asked for is passed over.
    await client.send(Buffer.from('abc'), 'received/a');
    expect((await client.request('GET', { path: 'received/a' })).status).toBe(200);
    await client.ping();
    // What does not fit into a request is refused before it is sent.
    const long = client.request('GREET', { name: 'x'.repeat(100_000) });
    expect((await failureOf(long)).code).toBe('bad-request');
    await client.ping();
  });

  test('never sees a name that breaks the rules', async () => {
    const { client } = await startPair();
    for (const path of ['..', '/a', 'a//b', 'a\0', 'received/../a', 'a\\b', '\uD800']) {
      for (const operate of [
        () => client.send(Buffer.from('a'), path),
        () => client.get(path, 'never-made'),
        () => client.read(path).next(),
        () => client.list(path).next(),
        () => client.stat(path),
        () => client.remove(path),
        () => client.rename('received/a', path),
        () => client.mkdir(path),
      ]) {
        expect((await failureOf(operate())).code).toBe('bad-name');
      }
    }
  });
});
