import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';

import { describe, expect, test } from '@jest/globals';

import type { UploadSource } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { collect } from './collect.js';
import { beginTree, type BegunTree, type MakeTree } from './made-tree.js';

const chunk = 65_536;
const leaf = 1_048_576;

/** Sizes around which something begins anew. */
const sizes = [
  0,
  1,
  chunk - 65,
  chunk - 64,
  chunk - 63,
  chunk - 1,
  chunk,
  chunk + 1,
  2 * chunk,
  leaf - 1,
  leaf,
  leaf + 1,
  3 * leaf + 12_345,
];

/**
 * Tests what files do alike in every tree on a server.
 *
 * @param make - gives a tree with nothing in it
 */
export function testRemoteFiles(make: MakeTree): void {
  const begin = (): Promise<BegunTree> => beginTree(make);

  describe('files', () => {
    test.each(sizes)('of %i bytes come back as they were', async (size) => {
      const { tree, at, names } = await begin();
      const content = randomBytes(size);
      const folder = await makeFolder();
      await writeFile(join(folder, 'from'), content);
      const seen: number[] = [];
      const sent = await tree.send(join(folder, 'from'), at('file'), {
        onProgress: ({ transferred, total }) => {
          expect(total).toBe(size);
          seen.push(transferred);
        },
      });
      expect(sent.size).toBe(size);
      if (size > 0) expect(seen.at(-1)).toBe(size);
      expect([...seen].sort((a, b) => a - b)).toEqual(seen);
      expect(await names('')).toEqual(['file']);
      const [entry] = await collect(tree.list(at('')));
      const { mtimeMs } = await stat(join(folder, 'from'));
      expect(entry).toMatchObject({ size, mtime: sent.mtime, etag: sent.etag, type: 'file' });
      expect(Math.abs(sent.mtime - mtimeMs)).toBeLessThanOrEqual(1);
      expect((await tree.getBytes(at('file'))).equals(content)).toBe(true);
      let last = -1;
      const got = await tree.get(at('file'), join(folder, 'to'), {
        preserveTime: true,
        onProgress: ({ transferred, total }) => {
          expect(total).toBe(size);
          last = transferred;
        },
      });
      expect(got).toMatchObject({ size, mtime: sent.mtime, etag: sent.etag });
      if (size > 0) expect(last).toBe(size);
      expect((await readFile(join(folder, 'to'))).equals(content)).toBe(true);
      expect(Math.abs((await stat(join(folder, 'to'))).mtimeMs - sent.mtime)).toBeLessThan(2);
      expect(Buffer.concat(await collect(tree.read(at('file')))).equals(content)).toBe(true);
      expect(await tree.hasContentOf(at('file'), join(folder, 'from'))).toBe(true);
      await writeFile(join(folder, 'from'), Buffer.concat([content, Buffer.of(1)]));
      expect(await tree.hasContentOf(at('file'), join(folder, 'from'))).toBe(false);
      if (size === 0) return;
      const other = Buffer.from(content);
      other[size >> 1] = (other[size >> 1] as number) ^ 1;
      await writeFile(join(folder, 'from'), other);
      expect(await tree.hasContentOf(at('file'), join(folder, 'from'))).toBe(false);
    });

    const content = randomBytes(leaf + 100);
    const sources: [string, () => UploadSource][] = [
      ['bytes', () => content],
      ['a Blob', () => new Blob([content])],
      ['a Readable', () => Readable.from([content.subarray(0, 1), content.subarray(1)])],
      ['a ReadableStream', () => new Blob([content]).stream()],
      ['chunks', () => [content.subarray(0, 70_000), content.subarray(70_000)]],
      [
        'what can be repeated',
        () => ({
          size: content.length,
          read: (offset: number) => Readable.from([content.subarray(offset)]),
        }),
      ],
    ];

    test.each(sources)('are sent from %s', async (_name, source) => {
      const { tree, at } = await begin();
      for (const size of [undefined, content.length]) {
        const { size: sent } = await tree.send(source(), at('x'), { size, checksum: true });
        expect(sent).toBe(content.length);
        expect((await tree.getBytes(at('x'))).equals(content)).toBe(true);
      }
    });

    test('of a few bytes are sent from a stream', async () => {
      const { tree, at } = await begin();
      for (const size of [undefined, 5]) {
        await tree.send(Readable.from([Buffer.from('he'), Buffer.from('llo')]), at('x'), { size });
        expect((await tree.getBytes(at('x'))).toString()).toBe('hello');
      }
    });

    test('are refused whose source has another size', async () => {
      const { tree, at, names } = await begin();
      for (const size of [3, 100_000, 200_000]) {
        const sending = tree.send(Readable.from([Buffer.alloc(150_000)]), at('x'), { size });
        expect((await failureOf(sending)).code).toBe('bad-request');
      }
      expect(await names('')).toEqual([]);
    });

    test('are received into streams, which stay open', async () => {
      const { tree, at } = await begin();
      await tree.send(content, at('x'));
      const chunks: Uint8Array[] = [];
      const target = new Writable({
        write: (part: Uint8Array, _encoding, done) => {
          chunks.push(Uint8Array.from(part));
          done();
        },
      });
      await tree.get(at('x'), target);
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
      expect(target.destroyed || target.writableEnded).toBe(false);
      const received: Uint8Array[] = [];
      const stream = new WritableStream<Uint8Array>({
        write: (part) => {
          received.push(Uint8Array.from(part));
        },
      });
      await tree.get(at('x'), stream);
      expect(Buffer.concat(received).equals(content)).toBe(true);
    });

    test('are read in parts', async () => {
      const { tree, at } = await begin();
      await tree.send(content, at('x'));
      const places = [0, 1, chunk - 1, chunk, chunk + 1, leaf, content.length - 1, content.length];
      const folder = await makeFolder();
      for (const offset of places) {
        for (const length of [undefined, 0, 1, chunk, chunk + 7, content.length]) {
          const range = { offset, length };
          const part = content.subarray(offset, length === undefined ? undefined : offset + length);
          expect((await tree.getBytes(at('x'), range)).equals(part)).toBe(true);
        }
      }
      const range = { offset: 5, length: 70_000 };
      const { size } = await tree.get(at('x'), join(folder, 'part'), range);
      expect(size).toBe(content.length);
      const part = content.subarray(5, 70_005);
      expect((await readFile(join(folder, 'part'))).equals(part)).toBe(true);
      expect(Buffer.concat(await collect(tree.read(at('x'), range))).equals(part)).toBe(true);
      const behind = tree.getBytes(at('x'), { offset: content.length + 1 });
      expect((await failureOf(behind)).code).toBe('bad-range');
      const much = tree.getBytes(at('x'), { maxSize: 100 });
      expect((await failureOf(much)).code).toBe('too-large');
      const { etag } = await tree.stat(at('x'));
      expect((await tree.getBytes(at('x'), { etag, length: 3 })).length).toBe(3);
      await tree.send(Buffer.from('new'), at('x'));
      expect((await failureOf(tree.getBytes(at('x'), { etag }))).code).toBe('conflict');
    });

    test('keep the time and the permissions that they are given', async () => {
      const { tree, at } = await begin();
      const folder = await makeFolder();
      await tree.send(Buffer.from('x'), at('x'), { mtime: 1_234_567_890_123, mode: 0o640 });
      expect(await tree.stat(at('x'))).toMatchObject({ mtime: 1_234_567_890_123, mode: 0o640 });
      const options = { preserveTime: true, preserveMode: true };
      const got = await tree.get(at('x'), join(folder, 'x'), options);
      expect(got).toMatchObject({ mtime: 1_234_567_890_123, mode: 0o640 });
      const stats = await stat(join(folder, 'x'));
      expect(stats.mode & 0o777).toBe(0o640);
      expect(stats.mtimeMs).toBeCloseTo(1_234_567_890_123, 0);
      await tree.send(join(folder, 'x'), at('y'), { preserveMode: true });
      expect(await tree.stat(at('y'))).toMatchObject({ mode: 0o640, size: 1 });
      expect(tree.keepsPermissions).toBe(true);
    });

    test('replace others as the caller wants', async () => {
      const { tree, at, names } = await begin();
      const first = await tree.send(Buffer.from('1'), at('x'), { overwrite: 'never' });
      const kept = tree.send(Buffer.from('2'), at('x'), { overwrite: 'never' });
      expect((await failureOf(kept)).code).toBe('conflict');
      const second = await tree.send(Buffer.from('3'), at('x'), { overwrite: first });
      expect(second.etag).not.toBe(first.etag);
      const late = tree.send(Buffer.from('4'), at('x'), { overwrite: first });
      expect((await failureOf(late)).code).toBe('conflict');
      expect((await tree.getBytes(at('x'))).toString()).toBe('3');
      await tree.send(Buffer.from('5'), at('x'));
      expect((await tree.getBytes(at('x'))).toString()).toBe('5');
      const gone = tree.send(Buffer.from('6'), at('y'), { overwrite: first });
      expect((await failureOf(gone)).code).toBe('conflict');
      expect(await names('')).toEqual(['x']);
      const folder = await makeFolder();
      await writeFile(join(folder, 'x'), 'mine');
      const get = tree.get(at('x'), join(folder, 'x'), { overwrite: 'never' });
      expect((await failureOf(get)).code).toBe('conflict');
      expect(await readFile(join(folder, 'x'), 'utf8')).toBe('mine');
    });

    test('sent to one place at once leave one of them', async () => {
      const { tree, at, names } = await begin();
      const contents = Array.from({ length: 12 }, (_, index) => Buffer.alloc(70_000, index));
      await Promise.all(contents.map((bytes) => tree.send(bytes, at('a/b/x'))));
      expect(await names('', true)).toEqual(['a', 'a/b', 'a/b/x']);
      const left = await tree.getBytes(at('a/b/x'));
      expect(contents.some((bytes) => bytes.equals(left))).toBe(true);
    });

    test('are not there', async () => {
      const { tree, at } = await begin();
      await tree.send(Buffer.from('x'), at('file'));
      await tree.mkdir(at('folder'));
      const folder = await makeFolder();
      for (const path of ['none', 'none/none', 'file/none', 'folder/none']) {
        expect((await failureOf(tree.getBytes(at(path)))).code).toBe('not-found');
        expect((await failureOf(tree.stat(at(path)))).code).toBe('not-found');
        expect((await failureOf(tree.remove(at(path)))).code).toBe('not-found');
        expect((await failureOf(tree.rename(at(path), at('new')))).code).toBe('not-found');
        expect((await failureOf(tree.get(at(path), join(folder, 'x')))).code).toBe('not-found');
        expect((await failureOf(collect(tree.list(at(path))))).code).toBe('not-found');
      }
      expect((await failureOf(tree.getBytes(at('folder')))).code).toBe('not-found');
      expect((await failureOf(collect(tree.list(at('file'))))).code).toBe('not-found');
      expect(await readdir(folder)).toEqual([]);
    });
  });

  describe('giving up', () => {
    test('ends a transfer, and leaves no file', async () => {
      const { tree, at, names } = await begin();
      const folder = await makeFolder();
      const controller = new AbortController();
      const { signal } = controller;
      const sending = tree.send(randomBytes(20 * leaf), at('x'), {
        signal,
        onProgress: () => {
          controller.abort();
        },
      });
      expect((await failureOf(sending)).code).toBe('aborted');
      expect(await names('')).toEqual([]);
      await tree.send(randomBytes(20 * leaf), at('x'));
      const second = new AbortController();
      const getting = tree.get(at('x'), join(folder, 'x'), {
        signal: second.signal,
        onProgress: () => {
          second.abort();
        },
      });
      expect((await failureOf(getting)).code).toBe('aborted');
      expect(await readdir(folder)).toEqual([]);
      const over = AbortSignal.abort();
      expect((await failureOf(tree.stat(at('x'), { signal: over }))).code).toBe('aborted');
      expect((await failureOf(tree.mkdir(at('y'), { signal: over }))).code).toBe('aborted');
      expect((await failureOf(collect(tree.list(at('y'), { signal: over })))).code).toBe('aborted');
      const late = tree.send(neverEnding(), at('z'), { timeout: 50 });
      expect((await failureOf(late)).code).toBe('timed-out');
      expect(await names('')).toEqual(['x']);
    });

    test('a source that fails leaves what was there', async () => {
      const { tree, at, names } = await begin();
      await tree.send(Buffer.from('old'), at('x'));
      const failing = tree.send(failingAfter(300_000), at('x'));
      expect((await failureOf(failing)).code).toBe('local-file');
      const missing = tree.send(join(await makeFolder(), 'none'), at('x'));
      expect((await failureOf(missing)).code).toBe('local-file');
      expect((await tree.getBytes(at('x'))).toString()).toBe('old');
      expect(await names('')).toEqual(['x']);
    });
  });
}

async function* neverEnding(): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.alloc(10);
  await once(new EventEmitter(), 'never');
}

async function* failingAfter(bytes: number): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.alloc(bytes);
  throw await Promise.resolve(new Error('the source broke'));
}
