import { describe, expect, test } from '@jest/globals';

import { joinPath, parsePath } from '@e2eeftp/protocol';

import { storeConformance, type TestFramework } from '../src/store/conformance.js';
import { StoreProbe } from '../src/store/conformance/context.js';
import { FileStore } from '../src/store/file-store.js';
import { HomeStore } from '../src/store/home-store.js';
import { MemoryStore } from '../src/store/memory-store.js';
import type { Store } from '../src/store/store.js';
import { makeTemporaryDirectory, removeDirectory } from './store/temporary-directory.js';

/** What the client sees of a store; closing it closes the store, as tests expect of one. */
async function homeIn(base: Store, home: string): Promise<Store> {
  const store = await HomeStore.open(base, { home: parsePath(home) });
  store.close = () => base.close();
  return store;
}

/** The one promise that a home cannot keep: what is below it is deeper in the tree. */
const beyond = 'the longest and deepest path of the rules can be used';
let leftOut = 0;
const framework: TestFramework = {
  describe,
  expect,
  test: (name, run) => {
    if (name === beyond) leftOut++;
    else test(name, run);
  },
};

storeConformance(
  'HomeStore in memory',
  async () => ({ store: await homeIn(new MemoryStore(), 'received/team/alice') }),
  framework,
);

storeConformance(
  'HomeStore on disk',
  async () => {
    const directory = await makeTemporaryDirectory();
    const base = await FileStore.open({ directory, durability: 'relaxed' });
    return {
      store: await homeIn(base, 'received/alice'),
      dispose: () => removeDirectory(directory),
    };
  },
  framework,
);

test('the suite was run but for one test', () => {
  expect(leftOut).toBe(2);
});

describe('the longest paths', () => {
  const depth = 32;
  const bytes = 3072;
  const tooLarge = { code: 'too-large' };

  test.each([1, 2, 5, 31])('below a home that is %d folders deep can be used', async (folders) => {
    const base = new MemoryStore();
    const home = `received/${Array(folders).fill('h').join('/')}`;
    const probe = new StoreProbe(await HomeStore.open(base, { home: parsePath(home) }));
    const names = Array<string>(depth - 1 - folders).fill('d');
    const deepest = parsePath(['received', ...names].join('/'));
    if (names.length > 0) {
      await probe.put(deepest, 'deep');
      expect(await probe.getText(deepest)).toBe('deep');
      expect(await probe.names('', { recursive: true })).toContain(deepest);
    }
    const deeper = parsePath(['received', ...names, 'e'].join('/'));
    await expect(probe.put(deeper, 'too deep')).rejects.toMatchObject(tooLarge);
    await expect(probe.makeDirectory(deeper)).rejects.toMatchObject(tooLarge);
    await expect(probe.stat(deeper)).rejects.toMatchObject(tooLarge);
    await expect(probe.get(deeper)).rejects.toMatchObject(tooLarge);
    await expect(probe.list(deeper)).rejects.toMatchObject(tooLarge);
    await expect(probe.delete(deeper)).rejects.toMatchObject(tooLarge);
    await expect(probe.rename(deeper, 'received/x')).rejects.toMatchObject(tooLarge);
    const kept = await probe.names('', { recursive: true });
    expect(kept).toHaveLength(2 + names.length);
  });

  test('are counted in bytes, with the home', async () => {
    const base = new MemoryStore();
    const home = parsePath(`received/${'ä'.repeat(100)}`);
    const probe = new StoreProbe(await HomeStore.open(base, { home }));
    const room = bytes - Buffer.byteLength(home) - 1;
    const name = (length: number): string =>
      `${`${'x'.repeat(199)}/`.repeat(Math.floor(length / 200))}${'y'.repeat(length % 200)}`;
    await probe.put(`received/${name(room)}`, 'fits');
    expect(Buffer.byteLength(joinPath(home, name(room)))).toBe(bytes);
    expect(await probe.getText(`received/${name(room)}`)).toBe('fits');
    await expect(probe.put(`received/${name(room + 1)}`, 'no')).rejects.toMatchObject(tooLarge);
    await expect(
      probe.rename(`received/${name(room)}`, `received/${name(room + 1)}`),
    ).rejects.toMatchObject(tooLarge);
  });
});
