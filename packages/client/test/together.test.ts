import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { limits } from '@e2eeftp/protocol';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ClientError, type TogetherOutcome } from '../src/index.js';
import { batchesOf } from '../src/transfer/together/batch.js';
import { makeFolder } from './home/support.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { startPair } from './tree/support.js';

expectNoUnhandledRejections();

function codesOf(outcomes: readonly TogetherOutcome[]): (string | undefined)[] {
  return outcomes.map((outcome) => {
    if (outcome instanceof ClientError) return outcome.code;
    return outcome ? 'done' : undefined;
  });
}

describe('a row of files', () => {
  const item = fc.record({
    path: fc.string({ maxLength: 1000 }),
    size: fc.nat(limits.batchFileSize),
  });

  test('is cut into requests that the protocol allows, in its order', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 400, size: 'max' }), (items) => {
        const batches = [...batchesOf(items)];
        expect(batches.flat()).toEqual(items);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(limits.batchFiles);
          const bytes = batch.reduce((sum, { size }) => sum + size, 0);
          expect(bytes).toBeLessThanOrEqual(limits.batchSize);
          const paths = batch.reduce((sum, { path }) => sum + Buffer.byteLength(path), 0);
          expect(paths).toBeLessThan(limits.request);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('is cut no more often than it has to be', () => {
    const items = Array.from({ length: 600 }, (_, index) => ({ path: `f${index}`, size: 10 }));
    expect([...batchesOf(items)].map((batch) => batch.length)).toEqual([248, 248, 104]);
    const large = items.slice(0, 40).map(({ path }) => ({ path, size: limits.batchFileSize }));
    expect([...batchesOf(large)].map((batch) => batch.length)).toEqual([16, 16, 8]);
    expect([...batchesOf([])]).toEqual([]);
  });
});

describe('files that are moved together', () => {
  test('come whole, paths and bytes side by side, and each has an outcome of its own', async () => {
    const { client } = await startPair();
    const folder = await makeFolder();
    for (const name of ['a', 'b']) await writeFile(join(folder, name), `content of ${name}`);
    await mkdir(join(folder, 'd'));
    await writeFile(join(folder, 'large'), Buffer.alloc(limits.batchFileSize + 1));
    const files = [
      { source: join(folder, 'a'), path: 'received/a' },
      { source: Buffer.from('bytes'), path: 'received/bytes', mtime: 1_500_000_000_123 },
      { source: join(folder, 'missing'), path: 'received/missing' },
      { source: join(folder, 'd'), path: 'received/d' },
      { source: join(folder, 'large'), path: 'received/large' },
      { source: Buffer.alloc(limits.batchFileSize + 1), path: 'received/large-too' },
      { source: join(folder, 'b'), path: 'received/../b' },
      { source: join(folder, 'b'), path: 'received/new/b' },
    ];
    const outcomes = await client.sendTogether(files);
    expect(codesOf(outcomes)).toEqual([
      'done',
      'done',
      'local-file',
      'local-file',
      undefined,
      undefined,
      'bad-name',
      'done',
    ]);
    expect(outcomes[1]).toMatchObject({ size: 5, mtime: 1_500_000_000_123 });
    expect((await client.getBytes('received/new/b')).toString()).toBe('content of b');

    await client.send(Buffer.alloc(limits.batchFileSize + 1), 'received/large');
    const wanted = ['a', 'nothing', 'large', 'bytes', '../a', 'new/b'];
    const received = await client.getTogether(
      wanted.map((path, index) => ({
        path: `received/${path}`,
        target: join(folder, `back${index}`),
        size: 10,
      })),
      { preserveTime: true },
    );
    const codes = ['done', 'not-found', undefined, 'done', 'bad-name', 'done'];
    expect(codesOf(received)).toEqual(codes);
    expect(await readFile(join(folder, 'back3'), 'utf8')).toBe('bytes');
    const names = (await readdir(folder)).filter((name) => /back|part/u.test(name));
    expect(names.sort()).toEqual(['back0', 'back3', 'back5']);
  });

  test('are left to be moved by themselves when they are few', async () => {
    const { client } = await startPair();
    const source = Buffer.from('bytes');
    const files = ['a', 'b'].map((name) => ({ source, path: `received/${name}` }));
    expect(await client.sendTogether(files)).toEqual([undefined, undefined]);
    expect(await client.sendTogether([])).toEqual([]);
    const wanted = files.map(({ path }) => ({ path, target: '/nowhere', size: 5 }));
    expect(await client.getTogether(wanted)).toEqual([undefined, undefined]);
  });

  test('are given up together', async () => {
    const { client } = await startPair();
    const controller = new AbortController();
    const { signal } = controller;
    const files = Array.from({ length: 50 }, (_, index) => ({
      source: Buffer.alloc(limits.batchFileSize),
      path: `received/${index}`,
    }));
    const sending = client.sendTogether(files, { signal });
    controller.abort();
    expect(new Set(codesOf(await sending))).toEqual(new Set(['aborted']));
    const wanted = files.map(({ path }) => ({ path, target: '/nowhere', size: 5 }));
    const outcomes = await client.getTogether(wanted, { signal });
    expect(new Set(codesOf(outcomes))).toEqual(new Set(['aborted']));
    await client.close();
    await expect(client.sendTogether(files)).rejects.toMatchObject({ code: 'closed' });
  });
});
