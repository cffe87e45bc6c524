import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { StoreError } from '../../src/store/store-error.js';
import { startChild } from './child-process.js';
import { withFileStore } from './file-fixture.js';

test('a folder that is swapped for a link at the worst moment leads nowhere', async () => {
  await withFileStore(async ({ probe, data, outside }) => {
    await mkdir(`${outside}/inner`);
    await writeFile(`${outside}/secret`, 'secret');
    await writeFile(`${outside}/inner/secret`, 'secret');
    await probe.put('received/d/inner/f', 'inside');
    await probe.put('received/d/own', 'inside');
    const child = await startChild('swap-folder.mjs', [`${data}/received/d`, outside]);
    try {
      const calls: (() => Promise<unknown>)[] = [
        () => probe.put('received/d/planted', 'inside'),
        () => probe.put('received/d/inner/planted', 'inside', { overwrite: 'never' }),
        () => probe.makeDirectory('received/d/made'),
        () => probe.delete('received/d/secret'),
        () => probe.delete('received/d/inner', true),
        () => probe.delete('received/d/made'),
        () => probe.rename('received/d/secret', 'received/stolen'),
        () => probe.rename('received/d/own', 'received/d/moved', 'always'),
        async () => {
          expect(await probe.getText('received/d/secret')).not.toBe('secret');
        },
        async () => {
          expect(await probe.names('received', { recursive: true })).not.toContain('d/secret');
        },
        async () => {
          expect(await probe.names('received/d', { recursive: true })).not.toContain('secret');
        },
        async () => {
          expect((await probe.stat('received/d/secret')).type).toBe('nothing');
        },
      ];
      for (let turn = 0; turn < 1_200; turn++) {
        await allowStoreErrors(calls[turn % calls.length]);
      }
    } finally {
      await child.kill();
    }
    expect((await readdir(outside, { recursive: true })).sort()).toEqual([
      'inner',
      'inner/secret',
      'secret',
    ]);
    expect(await readFile(`${outside}/secret`, 'utf8')).toBe('secret');
  });
});

async function allowStoreErrors(call: (() => Promise<unknown>) | undefined): Promise<void> {
  try {
    await call?.();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}
