import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FolderSizes } from '../../src/store/folder-sizes.js';

/** Folders whose entries are counted, and how often that was. */
function counted(limit: number, entries = new Map<string, number>()) {
  const state = { counts: 0, time: 0, entries };
  const sizes = new FolderSizes({
    limit,
    now: () => state.time,
    count: async (folder, atMost) => {
      state.counts += 1;
      await Promise.resolve();
      return Math.min(entries.get(folder) ?? 0, atMost + 1);
    },
  });
  const add = async (folder: string): Promise<boolean> => {
    if (!(await sizes.reserve(folder, 1))) return false;
    entries.set(folder, (entries.get(folder) ?? 0) + 1);
    sizes.settle(folder, 1, 1);
    return true;
  };
  return { state, sizes, add };
}

test('a folder is filled to its limit, and is counted once for that', async () => {
  const { state, add } = counted(100, new Map([['a', 90]]));
  const added = await Promise.all(Array.from({ length: 50 }, () => add('a')));
  expect(added.filter(Boolean)).toHaveLength(10);
  expect(state.entries.get('a')).toBe(100);
  expect(state.counts).toBe(1);
});

test('a full folder is not counted at each refusal, and has room again after each removal', async () => {
  const { state, sizes, add } = counted(3, new Map([['a', 2]]));
  expect(await add('a')).toBe(true);
  for (let round = 0; round < 50; round++) {
    expect(await add('a')).toBe(false);
    state.entries.set('a', 2);
    sizes.removed('a');
    expect(await add('a')).toBe(true);
  }
  expect(state.counts).toBe(1);
});

test('what did not come about takes no room', async () => {
  const { sizes } = counted(1);
  for (let round = 0; round < 5; round++) {
    expect(await sizes.reserve('a', 1)).toBe(true);
    expect(await sizes.reserve('a', 1)).toBe(false);
    sizes.settle('a', 1, 0);
  }
});

test('several entries have room together, or none of them has', async () => {
  const { sizes } = counted(10, new Map([['a', 3]]));
  expect(await sizes.reserve('a', 8)).toBe(false);
  expect(await sizes.reserve('a', 7)).toBe(true);
  expect(await sizes.reserve('a', 1)).toBe(false);
  sizes.settle('a', 7, 5);
  expect(await sizes.reserve('a', 3)).toBe(false);
  expect(await sizes.reserve('a', 2)).toBe(true);
});

test('what others remove from a full folder makes room within a second, what they add counts in a minute', async () => {
  const { state, add } = counted(10, new Map([['a', 10]]));
  expect(await add('a')).toBe(false);
  state.entries.set('a', 5);
  state.time = 999;
  expect(await add('a')).toBe(false);
  state.time = 1000;
  expect(await add('a')).toBe(true);
  state.entries.set('a', 10);
  state.time = 61_000;
  expect(await add('a')).toBe(false);
});

test('one entry less is not enough in a folder that is far beyond the limit', async () => {
  const { state, sizes, add } = counted(10, new Map([['a', 1000]]));
  expect(await add('a')).toBe(false);
  sizes.removed('a');
  expect(await add('a')).toBe(false);
  expect(state.counts).toBe(1);
});

test('a count that fails is tried again by the next', async () => {
  let isBroken = true;
  const sizes = new FolderSizes({
    limit: 1,
    count: () => (isBroken ? Promise.reject(new Error('the disk')) : Promise.resolve(0)),
  });
  await expect(sizes.reserve('a', 1)).rejects.toThrow('the disk');
  isBroken = false;
  expect(await sizes.reserve('a', 1)).toBe(true);
});

test('without a limit nothing is counted; a lower one holds at once', async () => {
  const { state, sizes, add } = counted(Infinity);
  for (let index = 0; index < 5; index++) expect(await add('a')).toBe(true);
  expect(state.counts).toBe(0);
  sizes.changeLimit(5);
  expect(await add('a')).toBe(false);
  sizes.changeLimit(6);
  expect(await add('a')).toBe(true);
});

test('a folder that is gone from its path is forgotten with what was in it, and nothing else', async () => {
  const { state, sizes, add } = counted(1);
  for (const folder of ['a', 'a/b', 'ab']) expect(await add(folder)).toBe(true);
  state.entries.clear();
  sizes.forget('a');
  for (const folder of ['a', 'a/b']) expect(await add(folder)).toBe(true);
  expect(await add('ab')).toBe(false);
});

test('any number of folders is forgotten but for those that were used last', async () => {
  const { state, add } = counted(5);
  for (let index = 0; index < 10_000; index++) await add(`f${index}`);
  expect(state.counts).toBe(10_000);
  await add('f9999');
  expect(state.counts).toBe(10_000);
  await add('f0');
  expect(state.counts).toBe(10_001);
});

test('whatever comes together, no folder has more entries than it may', async () => {
  const step = fc.record({
    what: fc.constantFrom('reserve', 'settle', 'remove', 'wait'),
    folder: fc.constantFrom('a', 'b'),
    count: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, limit) => {
        const { state, sizes } = counted(limit);
        const { entries } = state;
        const open: { readonly folder: string; readonly reserved: number }[] = [];
        const asked: Promise<void>[] = [];
        for (const { what, folder, count } of steps) {
          const index = open.findIndex((one) => one.folder === folder);
          const there = entries.get(folder) ?? 0;
          if (what === 'wait') {
            state.time += 30_000;
            await Promise.all(asked);
          } else if (what === 'reserve') {
            asked.push(
              sizes.reserve(folder, count).then((isFree) => {
                if (isFree) open.push({ folder, reserved: count });
              }),
            );
          } else if (what === 'remove') {
            if (there > 0) {
              entries.set(folder, there - 1);
              sizes.removed(folder);
            }
          } else if (index >= 0) {
            const [{ reserved } = { reserved: 0 }] = open.splice(index, 1);
            const added = Math.min(reserved, count - 1);
            entries.set(folder, there + added);
            sizes.settle(folder, reserved, added);
          }
          expect(entries.get(folder) ?? 0).toBeLessThanOrEqual(limit);
        }
        await Promise.all(asked);
      },
    ),
  );
});
