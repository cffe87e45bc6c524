import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { ClientError, type TogetherOutcome } from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import { beginTree, type MakeTree } from './made-tree.js';

function codesOf(outcomes: readonly TogetherOutcome[]): (string | undefined)[] {
  return outcomes.map((outcome) => {
    if (outcome instanceof ClientError) return outcome.code;
    return outcome ? 'done' : undefined;
  });
}

/**
 * Tests what small files that are moved together do alike in every tree on a server.
 *
 * @param make - gives a tree with nothing in it
 */
export function testRemoteTogether(make: MakeTree): void {
  describe('several small files', () => {
    test('come whole both ways, with times and permissions, in one folder or in several', async () => {
      const { tree, at, names } = await beginTree(make);
      const folder = await makeFolder();
      const sizes = [0, 1, 100, 4096, 20_000, 60_000];
      const files = sizes.map((size, index) => ({
        source: join(folder, `from${index}`),
        path: at(index % 2 === 0 ? `f${index}` : `d/e${index}/f${index}`),
      }));
      for (const [index, { source }] of files.entries()) {
        await writeFile(source, Buffer.alloc(sizes[index] ?? 0, index));
        await chmod(source, 0o640);
      }
      const sent = await tree.sendTogether(files, { preserveMode: true });
      expect(codesOf(sent)).toEqual(sizes.map(() => 'done'));
      expect(await names('', true)).toEqual([
        ...['d', 'd/e1', 'd/e1/f1', 'd/e3', 'd/e3/f3', 'd/e5', 'd/e5/f5'],
        ...['f0', 'f2', 'f4'],
      ]);
      const wanted = files.map(({ path }, index) => ({
        path,
        target: join(folder, `to${index}`),
        size: sizes[index],
      }));
      const options = { preserveMode: true, preserveTime: true };
      const received = await tree.getTogether(wanted, options);
      expect(received).toEqual(sent);
      for (const [index, { source }] of files.entries()) {
        const target = join(folder, `to${index}`);
        expect((await readFile(target)).equals(await readFile(source))).toBe(true);
        const { mtimeMs, mode } = await stat(target);
        expect(mode & 0o777).toBe(0o640);
        expect(Math.abs(mtimeMs - (await stat(source)).mtimeMs)).toBeLessThanOrEqual(1);
      }
    });

    test('have an outcome each, and what cannot go with others is left', async () => {
      const { tree, at, names } = await beginTree(make);
      const folder = await makeFolder();
      await mkdir(join(folder, 'd'));
      const bytes = Buffer.from('bytes');
      const outcomes = await tree.sendTogether([
        { source: bytes, path: at('a') },
        { source: join(folder, 'missing'), path: at('b') },
        { source: join(folder, 'd'), path: at('c') },
        { source: Buffer.alloc(65_537), path: at('large') },
        { source: bytes, path: at('x/../y') },
        ...['e', 'f', 'g'].map((name) => ({ source: bytes, path: at(name) })),
      ]);
      const failures = ['local-file', 'local-file', undefined, 'bad-name'];
      expect(codesOf(outcomes)).toEqual(['done', ...failures, 'done', 'done', 'done']);
      expect(await names('')).toEqual(['a', 'e', 'f', 'g']);
      await tree.send(Buffer.alloc(65_537), at('large'));
      await writeFile(join(folder, 'kept'), 'older');
      const wanted = ['a', 'nothing', 'large', 'e', 'x/../a', 'f', 'g'].map((name, index) => ({
        path: at(name),
        target: join(folder, index === 3 ? 'kept' : `to${index}`),
        size: name === 'large' ? 65_537 : 5,
      }));
      const received = await tree.getTogether(wanted, { overwrite: 'never' });
      const expected = ['done', 'not-found', undefined, 'conflict', 'bad-name', 'done', 'done'];
      expect(codesOf(received)).toEqual(expected);
      expect(await readFile(join(folder, 'kept'), 'utf8')).toBe('older');
      expect((await readdir(folder)).sort()).toEqual(['d', 'kept', 'to0', 'to5', 'to6']);
    });

    test('replace older ones, by themselves where that is needed', async () => {
      const { tree, at, names } = await beginTree(make);
      const all = ['a', 'b', 'c', 'd', 'e'];
      const files = (text: string) =>
        all.map((name) => ({ source: Buffer.from(`${text} ${name}`), path: at(name) }));
      await tree.send(Buffer.from('older'), at('b'));
      for (const text of ['first', 'second']) {
        for (const [index, outcome] of (await tree.sendTogether(files(text))).entries()) {
          const file = files(text)[index];
          if (outcome === undefined && file) await tree.send(file.source, file.path);
          else expect(outcome).not.toBeInstanceOf(Error);
        }
        expect(await names('')).toEqual(all);
        expect((await tree.getBytes(at('b'))).toString()).toBe(`${text} b`);
      }
    });

    test('that are sent to the same paths at once leave one file at each', async () => {
      const { tree, at, names } = await beginTree(make);
      const all = Array.from({ length: 20 }, (_, index) => `f${index}`.padEnd(4, '_'));
      const send = async (text: string): Promise<void> => {
        const files = all.map((name) => ({ source: Buffer.from(text), path: at(name) }));
        for (const [index, outcome] of (await tree.sendTogether(files)).entries()) {
          const file = files[index];
          if (outcome === undefined && file) await tree.send(file.source, file.path);
        }
      };
      await Promise.all(['one', 'two', 'three'].map(send));
      expect(await names('')).toEqual([...all].sort());
    });

    test('that are for the same path come one behind the other', async () => {
      const { tree, at, names } = await beginTree(make);
      const all = ['a', 'b', 'a', 'c', 'a', 'd'];
      const files = all.map((name, index) => ({ source: Buffer.from([index]), path: at(name) }));
      const outcomes = await tree.sendTogether(files);
      const codes = ['done', 'done', undefined, 'done', undefined, 'done'];
      expect(codesOf(outcomes)).toEqual(codes);
      expect(await names('')).toEqual(['a', 'b', 'c', 'd']);
      expect([...(await tree.getBytes(at('a')))]).toEqual([0]);
    });

    test('are given up together', async () => {
      const { tree, at } = await beginTree(make);
      const files = Array.from({ length: 10 }, (_, index) => ({
        source: Buffer.alloc(5000),
        path: at(`f${index}`),
      }));
      const signal = AbortSignal.abort();
      const sending = await tree.sendTogether(files, { signal }).catch((error: unknown) => [error]);
      expect(new Set(codesOf(sending as TogetherOutcome[]))).toEqual(new Set(['aborted']));
    });
  });
}
