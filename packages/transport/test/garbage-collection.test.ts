import { expect, test } from '@jest/globals';

import { startChild } from './child-process.js';

const mebibyte = 2 ** 20;

interface Collected {
  /** How often the heap was marked in steps. */
  readonly marked: number;
  /** The most memory that was used, in bytes. */
  readonly most: number;
}

async function collect(mode: 'young' | 'default'): Promise<Collected> {
  const child = startChild('makes-garbage.mjs', [], [mode]);
  try {
    return JSON.parse((await child.nextLine()) ?? 'null') as Collected;
  } finally {
    await child.kill();
  }
}

test('buffers that are dropped are collected without marking the heap in steps, and in time', async () => {
  const [young, usual] = await Promise.all([collect('young'), collect('default')]);
  // Should V8 come to do so by itself, the setting has outlived its reason.
  expect(usual.marked).toBeGreaterThan(0);
  expect(young.marked).toBe(0);
  expect(young.most).toBeLessThan(400 * mebibyte);
});
