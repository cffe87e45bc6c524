import { expect, test } from '@jest/globals';

import { startChild } from './child-process.js';

/** How often a program has marked its heap in steps that dropped a gigabyte of buffers. */
async function marked(mode: 'young' | 'usual', objects: number): Promise<number> {
  const child = startChild('makes-garbage.mjs', [], [mode, String(objects)]);
  try {
    const line = (await child.nextLine()) ?? 'null';
    return (JSON.parse(line) as { readonly marked: number }).marked;
  } finally {
    await child.kill();
  }
}

const few = 100_000;
/** Well over 48 MiB of them. */
const many = 2_000_000;

test('buffers that are dropped are collected without marking a small heap in steps', async () => {
  const [young, usual] = await Promise.all([marked('young', few), marked('usual', few)]);
  expect(young).toBe(0);
  // Should V8 come to do so by itself, the setting has outlived its reason.
  expect(usual).toBeGreaterThan(0);
});

test('a heap that has grown is collected as ever', async () => {
  expect(await marked('young', many)).toBeGreaterThan(0);
});
