import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';

import type { Client, UploadSource } from '../src/index.js';
import { failureOf, makeFolder } from './home/support.js';
import { startBreakingPair } from './support/breaking-pair.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { startPair } from './tree/support.js';

expectNoUnhandledRejections();

const bytes = randomBytes(700_000);
const chunks = [bytes.subarray(0, 1), bytes.subarray(1, 300_000), bytes.subarray(300_000)];

async function pathOf(content: Uint8Array): Promise<string> {
  const path = join(await makeFolder(), 'source');
  await writeFile(path, content);
  return path;
}

async function* generated(): AsyncGenerator<Uint8Array, void, void> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

function webStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

const sources: [string, () => UploadSource | Promise<UploadSource>][] = [
  ['a path', () => pathOf(bytes)],
  ['a Buffer', () => bytes],
  ['a Uint8Array', () => new Uint8Array(bytes)],
  ['a Blob', () => new Blob(chunks)],
  ['a Blob of a file', async () => openAsBlob(await pathOf(bytes))],
  ['a Readable', () => Readable.from(chunks)],
  ['a ReadableStream', () => webStream()],
  ['an asynchronous generator', () => generated()],
  ['a generator', () => chunks.values()],
  ['an array of chunks', () => chunks],
];

describe('a source', () => {
  test.each(sources)('can be %s', async (_name, source) => {
    const { client } = await startPair();
    const { size } = await client.put(await source(), 'received/a', { checksum: true });
    expect(size).toBe(bytes.length);
    expect((await client.getBytes('received/a')).equals(bytes)).toBe(true);
  });

  test.each(sources)('can be %s, of no bytes', async (name, _source) => {
    const empty: Record<string, () => UploadSource | Promise<UploadSource>> = {
      'a path': () => pathOf(new Uint8Array(0)),
      'a Blob': () => new Blob([]),
      'a ReadableStream': () =>
        new ReadableStream({
          start(controller) {
            controller.close();
          },
        }),
      'an array of chunks': () => [],
    };
    const { client } = await startPair();
    const source = empty[name] ?? (() => Buffer.alloc(0));
    expect((await client.send(await source(), 'received/a')).size).toBe(0);
  });

  test('that is a Blob goes on when the line breaks', async () => {
    const { join: enter, client: other } = await startBreakingPair();
    const { client, line } = await enter();
    const content = randomBytes(3 * 1024 * 1024);
    line.cut('up', 2 * 1024 * 1024);
    await client.send(new Blob([content]), 'received/a');
    expect(line.opened).toBe(2);
    expect((await other.getBytes('received/a')).equals(content)).toBe(true);
    await client.close();
  });

  test('that is a ReadableStream is cancelled when the upload is', async () => {
    let isCancelled = false;
    const never = new ReadableStream<Uint8Array>({
      cancel() {
        isCancelled = true;
      },
    });
    const { client } = await startPair();
    const sending = client.send(never, 'received/a', { signal: AbortSignal.timeout(20) });
    expect((await failureOf(sending)).code).toBe('timed-out');
    await client.ping();
    expect(isCancelled).toBe(true);
  });

  test('that is a ReadableStream of somebody else is refused', async () => {
    const { client } = await startPair();
    const stream = webStream();
    stream.getReader();
    expect((await failureOf(client.send(stream, 'received/a'))).code).toBe('local-file');
  });

  test('that is a ReadableStream fails the upload with its own error as the cause', async () => {
    const reason = new Error('no more');
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(reason);
      },
    });
    const { client } = await startPair();
    const failure = await failureOf(client.send(stream, 'received/a'));
    expect({ code: failure.code, cause: failure.cause }).toEqual({
      code: 'local-file',
      cause: reason,
    });
  });
});

const targets: [string, (client: Client) => Promise<Buffer>][] = [
  [
    'a path',
    async (client) => {
      const path = join(await makeFolder(), 'target');
      await client.get('received/a', path);
      return readFile(path);
    },
  ],
  [
    'a Writable',
    async (client) => {
      const target = new PassThrough();
      const content = buffer(target);
      await client.get('received/a', target);
      target.end();
      return content;
    },
  ],
  [
    'a WritableStream',
    async (client) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const content = buffer(readable);
      await client.get('received/a', writable);
      await writable.close();
      return content;
    },
  ],
  ['memory', (client) => client.getBytes('received/a')],
];

describe('a target', () => {
  test.each(targets)('can be %s', async (_name, get) => {
    const { client } = await startPair();
    await client.send(bytes, 'received/a');
    expect((await get(client)).equals(bytes)).toBe(true);
    await client.send(new Uint8Array(0), 'received/a');
    expect(await get(client)).toEqual(Buffer.alloc(0));
  });

  test('that is a WritableStream fails the download with its own error as the cause', async () => {
    const reason = new Error('no room');
    const { client } = await startPair();
    await client.send(bytes, 'received/a');
    const target = new WritableStream<Uint8Array>({ write: () => Promise.reject(reason) });
    const failure = await failureOf(client.get('received/a', target));
    expect({ code: failure.code, cause: failure.cause }).toEqual({
      code: 'local-file',
      cause: reason,
    });
    expect(target.locked).toBe(false);
    await client.ping();
  });

  test('that is a WritableStream which takes nothing holds nobody up', async () => {
    const { client } = await startPair();
    await client.send(bytes, 'received/a');
    const never: Promise<void> = Promise.race([]);
    const target = new WritableStream<Uint8Array>({ write: () => never });
    const getting = client.get('received/a', target, { timeout: 50 });
    expect((await failureOf(getting)).code).toBe('timed-out');
    await client.ping();
  });
});

describe('what is received into memory', () => {
  test('is never more than was allowed', async () => {
    const { client } = await startPair();
    await client.send(bytes, 'received/a');
    const exact = await client.getBytes('received/a', { maxSize: bytes.length });
    expect(exact.equals(bytes)).toBe(true);
    let progress = 0;
    const tooLarge = client.getBytes('received/a', {
      maxSize: bytes.length - 1,
      onProgress: () => (progress += 1),
    });
    expect((await failureOf(tooLarge)).code).toBe('too-large');
    expect(progress).toBe(0);
    await client.ping();
  });

  test('can be a part of a file, which may be larger', async () => {
    const { client } = await startPair();
    await client.send(bytes, 'received/a');
    const part = await client.getBytes('received/a', { offset: 10, length: 5, maxSize: 5 });
    expect(part.equals(bytes.subarray(10, 15))).toBe(true);
  });

  test('is whole when the line breaks in between', async () => {
    const { join: enter, client: other } = await startBreakingPair();
    const content = randomBytes(3 * 1024 * 1024);
    await other.send(content, 'received/a');
    const { client, line } = await enter();
    line.cut('down', 1024 * 1024);
    expect((await client.getBytes('received/a')).equals(content)).toBe(true);
    expect(line.opened).toBe(2);
    await client.close();
  });
});
