import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { failureOf, makeFolder } from './home/support.js';
import { connectTo } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { startPair } from './tree/support.js';

expectNoUnhandledRejections();

const kilobytes64 = new Uint8Array(65_536);

describe('a source', () => {
  test.each<[string, () => AsyncIterable<Uint8Array> | Readable]>([
    [
      'that throws',
      async function* source() {
        yield kilobytes64;
        throw new Error('no more');
      },
    ],
    [
      'that is destroyed',
      () => {
        const source = new PassThrough();
        source.write(kilobytes64);
        void setImmediate().then(() => source.destroy(new Error('gone')));
        return source;
      },
    ],
    [
      'that is destroyed without a reason',
      () => {
        const source = new PassThrough();
        source.write(kilobytes64);
        void setImmediate().then(() => source.destroy());
        return source;
      },
    ],
    ['that was destroyed before', () => new PassThrough().destroy()],
    ['that gives no bytes', () => Readable.from([kilobytes64, { not: 'bytes' }])],
  ])('%s fails the upload, which is not stored', async (_name, source) => {
    const { client } = await startPair();
    expect((await failureOf(client.send(source(), 'received/a'))).code).toMatch(
      /^(?:local-file|aborted)$/u,
    );
    expect((await failureOf(client.stat('received/a'))).code).toBe('not-found');
    await client.ping();
  });

  test('that gives nothing ends with its server', async () => {
    const client = await connectTo(async (server) => {
      await server.request();
      server.transport.destroy();
    });
    const source = new Readable({ read: () => undefined });
    const closed = once(source, 'close');
    expect((await failureOf(client.send(source, 'received/a'))).code).toBe('disconnected');
    await closed;
    await client.close();
  });

  test('that takes its time is excused, longer than something must move', async () => {
    const client = await connectTo((server) => server.behave(), { progress: 60 });
    let excuses = 0;
    async function* source(): AsyncGenerator<Uint8Array, void, void> {
      yield kilobytes64;
      // Empty records tell the server that the client is still there.
      const start = performance.now();
      while (performance.now() - start < 200) await setImmediate();
      excuses += 1;
      yield kilobytes64;
    }
    const { size } = await client.send(source(), 'received/a');
    expect({ size, excuses }).toEqual({ size: 131_072, excuses: 1 });
    await client.close();
  });

  test('that is a pipe without a writer is no file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-pipe-'));
    try {
      const pipe = join(folder, 'pipe');
      expect(spawnSync('sh', ['-c', 'mkfifo "$0"', pipe]).status).toBe(0);
      const { client } = await startPair();
      expect((await failureOf(client.send(pipe, 'received/a'))).code).toBe('local-file');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a target', () => {
  test.each<[string, () => Writable]>([
    [
      'that fails at once',
      () => new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) }),
    ],
    [
      'that fails behind the last byte',
      () =>
        new Writable({
          highWaterMark: 2 ** 30,
          write: (_chunk, _encoding, done) => {
            void setImmediate().then(() => done(new Error('full')));
          },
        }),
    ],
    ['on a full disk', () => createWriteStream('/dev/full')],
    ['that was destroyed before', () => new PassThrough().destroy()],
    [
      'that is destroyed within',
      () => {
        const target: Writable = new Writable({ write: () => target.destroy() });
        return target;
      },
    ],
    ['that was ended before', () => new PassThrough().end()],
  ])('%s fails the download as a local failure', async (_name, target) => {
    const { client } = await startPair();
    await client.send(new Uint8Array(3_000_000), 'received/a');
    const stream = target();
    stream.on('error', () => undefined);
    expect((await failureOf(client.get('received/a', stream))).code).toBe('local-file');
    expect((await client.stat('received/a')).size).toBe(3_000_000);
  });

  test('is neither ended nor left with listeners', async () => {
    const { client } = await startPair();
    await client.send(kilobytes64, 'received/a');
    const target = new PassThrough({ highWaterMark: 1 });
    target.resume();
    const before = target.eventNames().map((name) => [name, target.listenerCount(name)]);
    for (let round = 0; round < 20; round++) await client.get('received/a', target);
    expect(target.writableEnded).toBe(false);
    expect(target.eventNames().map((name) => [name, target.listenerCount(name)])).toEqual(before);
    target.destroy();
  });

  test('that is slow holds the server up, and never times out', async () => {
    const size = 32 * 1024 * 1024;
    let sent = 0;
    const client = await connectTo(
      async (server) => {
        await server.answerGet(size);
        for (; sent < size; sent += kilobytes64.length) await server.data(kilobytes64);
        await server.end({ ok: true, size });
        await server.behave();
      },
      { progress: 60 },
    );
    let received = 0;
    let mostWaiting = 0;
    let isSlow = true;
    const target = new Writable({
      highWaterMark: 1,
      write: (chunk: Uint8Array, _encoding, done) => {
        received += chunk.length;
        mostWaiting = Math.max(mostWaiting, sent - received);
        if (!isSlow) return done();
        isSlow = false;
        setTimeout(done, 200);
      },
    });
    await client.get('received/a', target);
    expect(received).toBe(size);
    expect(mostWaiting).toBeLessThan(8 * 1024 * 1024);
    await client.ping();
    await client.close();
  });

  test('cannot be in a folder that is not there', async () => {
    const { client } = await startPair();
    await client.send(kilobytes64, 'received/a');
    const target = join(await makeFolder(), 'missing', 'a');
    expect((await failureOf(client.get('received/a', target))).code).toBe('local-file');
    await client.ping();
  });
});

describe('a loop over a file', () => {
  test.each([1, 300_000, 20_000_000])('of %i bytes may end early', async (size) => {
    const { client } = await startPair();
    await client.send(new Uint8Array(size), 'received/a');
    for await (const chunk of client.read('received/a')) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect((await client.stat('received/a')).size).toBe(size);
  });

  test('that is never gone on with does not keep the client open', async () => {
    const { client } = await startPair({ connect: { timeouts: { progress: 60 } } });
    await client.send(new Uint8Array(20_000_000), 'received/a');
    const loop = client.read('received/a');
    await loop.next();
    await client.close();
    expect(
      (
        await failureOf(
          loop
            .next()
            .then(() => loop.next())
            .then(() => loop.next()),
        )
      ).code,
    ).toBe('closed');
  });

  test('that throws gives the file up', async () => {
    const { client } = await startPair();
    await client.send(new Uint8Array(20_000_000), 'received/a');
    const loop = async (): Promise<void> => {
      for await (const chunk of client.read('received/a')) {
        throw new RangeError(`enough of ${String(chunk.length)}`);
      }
    };
    await expect(loop()).rejects.toThrow(RangeError);
    await client.ping();
  });
});
