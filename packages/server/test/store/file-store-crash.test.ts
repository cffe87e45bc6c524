import { readdir } from 'node:fs/promises';

import { expect, test } from '@jest/globals';
import { parsePath } from '@e2eeftp/protocol';

import { StoreProbe } from '../../src/store/conformance/context.js';
import { FileStore } from '../../src/store/file-store.js';
import { StoreError } from '../../src/store/store-error.js';
import { startChild } from './child-process.js';
import { inTemporaryDirectory } from './temporary-directory.js';

/** At which word of the child it dies, and how many such words later. */
const moments = ['writing', 'committing', 'stored'].flatMap((word) =>
  [1, 2, 5].map((count) => ({ word, count })),
);

test.each(moments)(
  'killed after "$word" $count: the old file or the new, whole',
  async (moment) => {
    await inTemporaryDirectory(async (directory) => {
      const child = await startChild('replace.mjs', [directory, 'full']);
      let stored = 0;
      for (let seen = 0; seen < moment.count;) {
        const [word, version] = ((await child.nextLine()) ?? '').split(' ');
        if (word === 'stored') stored = Number(version);
        if (word === moment.word) seen++;
      }
      await child.kill();
      const store = await FileStore.open({ directory });
      try {
        await expectOneVersion(new StoreProbe(store), stored);
        expect(await readdir(`${directory}/.e2eeftp/uploads`)).toEqual([]);
      } finally {
        await store.close();
      }
    });
  },
);

async function expectOneVersion(probe: StoreProbe, atLeast: number): Promise<void> {
  const files = (await probe.list('received', { recursive: true })).filter(
    ({ type }) => type === 'file',
  );
  if (files.length === 0) {
    expect(atLeast).toBe(0);
    return;
  }
  expect(files.map(({ path }) => path)).toEqual(['deep/f']);
  const content = await probe.get('received/deep/f');
  const version = content[0] ?? 0;
  expect(version).toBeGreaterThanOrEqual(atLeast);
  expect(content.length).toBe(24 * (65_536 + version));
  expect(content.every((byte) => byte === version)).toBe(true);
}

test('killed while it deletes: all is there, or nothing', async () => {
  await inTemporaryDirectory(async (directory) => {
    const first = await FileStore.open({ directory, durability: 'relaxed' });
    const names = Array.from(
      { length: 400 },
      (_, index) => `received/tree/d${index % 20}/f${index}`,
    );
    for (const name of names) await new StoreProbe(first).put(name, 'content');
    await first.close();
    const child = await startChild('delete-tree.mjs', [directory, 'received/tree']);
    await child.kill();
    const store = await FileStore.open({ directory });
    const left = await new StoreProbe(store).list('received', { recursive: true });
    expect([0, 1 + 20 + 400]).toContain(left.length);
    expect(await readdir(`${directory}/.e2eeftp/trash`)).toEqual([]);
    await store.close();
  });
});

test('what a killed process left of an upload is gone when the store is opened', async () => {
  await inTemporaryDirectory(async (directory) => {
    const child = await startChild('replace.mjs', [directory, 'relaxed']);
    await child.nextLine();
    await child.kill();
    expect((await readdir(`${directory}/.e2eeftp/uploads`)).length).toBeGreaterThan(0);
    const store = await FileStore.open({ directory });
    expect(await readdir(`${directory}/.e2eeftp/uploads`)).toEqual([]);
    await store.close();
  });
});

test('also against another process, only one puts a file where none was', async () => {
  await inTemporaryDirectory(async (directory) => {
    const store = await FileStore.open({ directory, durability: 'relaxed' });
    const probe = new StoreProbe(store);
    const child = await startChild('claim.mjs', [directory]);
    for (let index = 0; index < 300; index++) {
      const path = `received/f${index}`;
      // Both are ready to commit, and begin when the line has been said.
      const upload = await store.createUpload({ path: parsePath(path) });
      await upload.write([Buffer.from('parent')]);
      child.say(path);
      await child.nextLine();
      child.say('commit');
      const ours = await upload.commit({ overwrite: 'never' }).then(
        () => 'stored',
        (error: unknown) => (error instanceof StoreError ? error.code : 'failed'),
      );
      const outcomes = [ours, await child.nextLine()];
      expect(outcomes.sort()).toEqual(['conflict', 'stored']);
      const content = await probe.getText(path);
      expect(content).toBe(ours === 'stored' ? 'parent' : 'child');
    }
    await child.kill();
    await store.close();
  });
});
