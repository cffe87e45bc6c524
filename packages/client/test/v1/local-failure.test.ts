import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import type { UploadSource, V1SendOptions } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { startOriginal } from './support.js';

expectNoUnhandledRejections();

const kilobytes64 = new Uint8Array(65_536);

function stream(...parts: unknown[]): Readable {
  return Readable.from(parts);
}

describe('a source', () => {
  test.each([
    ['not given', undefined],
    ['negative', -1],
    ['half a byte', 2.5],
    ['no number', NaN],
    ['infinite', Infinity],
    ['too much for its payload', Number.MAX_SAFE_INTEGER],
  ])('whose size is %s is refused before anybody is asked', async (_what, size) => {
    const { client, server } = await startOriginal();
    const source = stream(kilobytes64);
    const failure = await failureOf(client.send(source, 'a', { size }));
    expect(failure.code).toBe('local-file');
    expect(failure.message).toMatch(/size/u);
    expect(source.destroyed).toBe(true);
    expect(server.connections).toEqual([]);
  });

  test.each<[string, () => UploadSource, number]>([
    ['with a byte less', () => stream(kilobytes64), 65_537],
    ['with a byte more', () => stream(kilobytes64), 65_535],
    ['with a block less', () => stream(kilobytes64), 65_552],
    ['with nothing', () => stream(), 1],
    ['with something instead of nothing', () => stream(kilobytes64), 0],
    ['in memory, and of another size', () => kilobytes64, 65_535],
    ['with more at its end', () => stream(kilobytes64, Buffer.alloc(1)), 65_536],
    [
      'that throws',
      async function* source() {
        yield kilobytes64;
        await setImmediate();
        throw new Error('no more');
      },
      100_000,
    ],
    [
      'that throws at its end',
      async function* source() {
        yield kilobytes64;
        await setImmediate();
        throw new Error('no more');
      },
      65_536,
    ],
    ['that gives no bytes', () => stream(kilobytes64, { not: 'bytes' }), 100_000],
    [
      'that is destroyed',
      () => {
        const source = new PassThrough();
        source.write(kilobytes64);
        void setImmediate().then(() => source.destroy(new Error('gone')));
        return source;
      },
      100_000,
    ],
  ])('%s fails the upload, which is not stored', async (_name, source, size) => {
    const { client, server, stored } = await startOriginal();
    expect((await failureOf(client.send(source(), 'a', { size }))).code).toBe('local-file');
    await server.close();
    expect(server.connections).toHaveLength(1);
    expect(server.connections[0]?.payload).toBeUndefined();
    expect(await stored()).toEqual([]);
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ['shrinks', (path) => truncate(path, 20_000_000)],
    ['grows', (path) => appendFile(path, 'x')],
  ])('that %s fails the upload, which is not stored', async (_name, change) => {
    const { client, server, stored } = await startOriginal();
    const path = join(await makeFolder(), 'a');
    await writeFile(path, Buffer.alloc(30_000_000));
    let changed: Promise<void> | undefined;
    const onProgress: V1SendOptions['onProgress'] = () => {
      changed ??= change(path);
    };
    expect((await failureOf(client.send(path, 'a', { onProgress }))).code).toBe('local-file');
    await changed;
    await server.close();
    expect(await stored()).toEqual([]);
  });

  test('that cannot be read is not begun', async () => {
    const { client, server } = await startOriginal();
    const folder = await makeFolder();
    const pipe = join(folder, 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
    for (const path of [join(folder, 'missing'), folder, pipe]) {
      expect((await failureOf(client.send(path, 'a'))).code).toBe('local-file');
    }
    expect(server.connections).toEqual([]);
  });

  test('that gives much in small parts arrives whole', async () => {
    const { client, content } = await startOriginal();
    const bytes = Array.from({ length: 5_000 }, (_, index) => Buffer.alloc(index % 40, index));
    const whole = Buffer.concat(bytes);
    await client.send(Readable.from(bytes), 'a', { size: whole.length });
    expect((await content('a')).equals(whole)).toBe(true);
  });
});

describe('a target', () => {
  test('in a folder that is not there, or is a folder', async () => {
    const { client, store } = await startOriginal();
    await store('a', kilobytes64);
    const folder = await makeFolder();
    await mkdir(join(folder, 'taken', 'by'), { recursive: true });
    for (const name of ['missing/a', 'taken']) {
      expect((await failureOf(client.get('a', join(folder, name)))).code).toBe('local-file');
    }
    expect(await readdir(folder, { recursive: true })).toEqual(['taken', 'taken/by']);
  });

  test.each<[string, () => Writable]>([
    [
      'that fails',
      () =>
        new Writable({
          write: (_chunk, _encoding, done) => {
            done(new Error('full'));
          },
        }),
    ],
    ['that was destroyed', () => new PassThrough().destroy()],
    ['that was ended', () => new PassThrough().end()],
  ])('%s fails the download', async (_name, target) => {
    const { client, store } = await startOriginal();
    await store('a', kilobytes64);
    const stream = target().on('error', () => undefined);
    expect((await failureOf(client.get('a', stream))).code).toBe('local-file');
    expect(stream.listenerCount('drain')).toBe(0);
  });

  test('that is slow gets everything', async () => {
    const { client, store } = await startOriginal();
    const bytes = Buffer.alloc(3_000_000, 'slow but whole');
    await store('a', bytes);
    const parts: Buffer[] = [];
    const target = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        setTimeout(() => {
          // Only now: what a stream was given must not change while it waits.
          parts.push(Buffer.from(chunk));
          done();
        }, 1);
      },
    });
    expect(await client.get('a', target)).toEqual({ size: bytes.length });
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });
});
