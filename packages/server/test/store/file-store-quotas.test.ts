import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parsePath } from '@e2eeftp/protocol';
import { expect, test } from '@jest/globals';

import { keyOf, write, type StoreProbe } from '../../src/store/conformance/context.js';
import type { Upload } from '../../src/store/store.js';
import { withFileStore } from './file-fixture.js';
import { inTemporaryDirectory } from './temporary-directory.js';
import { keptFiles, until, withStoreAt } from './uploads-fixture.js';

const home = parsePath('received/alice');
const quota = { home, bytes: 1000 };
const noSpace = { code: 'no-space' };

function begin({ store }: StoreProbe, name: string, size?: number, id?: number): Promise<Upload> {
  const resumable = id === undefined ? undefined : { ...keyOf(id), offset: 0 };
  return store.createUpload({ path: parsePath(`${home}/${name}`), size, resumable, quota });
}

test('unfinished uploads count after a restart, until they are dropped or finished', async () => {
  await inTemporaryDirectory(async (directory) => {
    await withStoreAt(directory, async (probe) => {
      await (await write(begin(probe, 'f', 600, 1), new Uint8Array(400))).suspend();
      await (
        await write(begin(probe, 'g', 100, 2), new Uint8Array(100))
      ).commit({
        overwrite: 'never',
      });
      // As a process leaves it behind that is killed.
      await writeFile(join(directory, '.e2eeftp/uploads/x'), new Uint8Array(300));
    });
    await withStoreAt(directory, async (probe) => {
      expect(await probe.store.used(home)).toBe(500);
      await expect(begin(probe, 'i', 501)).rejects.toMatchObject(noSpace);
      const { offset } = await probe.find(keyOf(1));
      const again = await write(
        probe.store.createUpload({
          path: parsePath(`${home}/f`),
          size: 600,
          resumable: { ...keyOf(1), offset },
          quota,
        }),
        new Uint8Array(600 - offset),
      );
      await again.commit({ overwrite: 'never' });
      expect(await probe.store.used(home)).toBe(700);
    });
  });
});

test('uploads that are dropped when their time is over free their room', async () => {
  await withFileStore(
    async ({ probe, data }) => {
      await (await write(begin(probe, 'f', 900, 1), new Uint8Array(900))).suspend();
      expect(await probe.store.used(home)).toBe(900);
      await until(async () => (await probe.store.used(home)) === 0);
      expect((await keptFiles(data)).filter((name) => name.includes('.'))).toEqual([]);
      await (await begin(probe, 'g', 1000)).discard();
    },
    { uploadLifetime: 200 },
  );
});

test('what other programs put there counts as far as it is files', async () => {
  await withFileStore(async ({ probe, data, outside }) => {
    const folder = join(data, home);
    await mkdir(join(folder, 'd/e'), { recursive: true });
    await writeFile(join(outside, 'large'), new Uint8Array(5000));
    await writeFile(join(folder, 'd/e/f'), new Uint8Array(300));
    // No path leads to it, and yet it takes room.
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff)]), 'xyz');
    await symlink(outside, join(folder, 'link'));
    await symlink(join(outside, 'large'), join(folder, 'd/link'));
    expect(await probe.store.used(home)).toBe(303);
    await expect(begin(probe, 'g', 698)).rejects.toMatchObject(noSpace);
    await rm(join(folder, 'd'), { recursive: true });
    await (await begin(probe, 'g', 997)).discard();
  });
});

test('a refused upload leaves nothing on the disk', async () => {
  await withFileStore(async ({ probe, data }) => {
    await expect(begin(probe, 'f', 1001)).rejects.toMatchObject(noSpace);
    await expect(begin(probe, 'f', 1001, 1)).rejects.toMatchObject(noSpace);
    const grown = await begin(probe, 'g');
    await expect(grown.write([new Uint8Array(1001)])).rejects.toMatchObject(noSpace);
    await grown.suspend();
    expect(await readdir(join(data, '.e2eeftp/uploads'))).toEqual([]);
    expect((await keptFiles(data)).filter((name) => name.includes('.'))).toEqual([]);
    expect(await probe.list('received', { recursive: true })).toEqual([]);
  });
});

test('nothing is counted where nobody has a quota', async () => {
  await withFileStore(async ({ probe }) => {
    await probe.put('received/d/f', 'F');
    await probe.rename('received/d', 'received/e');
    await (await write(probe.resume('received/g', keyOf(1)), 'abc')).suspend();
    await probe.delete('received/e', true);
    const { store } = probe;
    expect('coordination' in store && store.coordination).toMatchObject({ usage: { clock: 0 } });
  });
});

test('who uploads and deletes does not wait for a count', async () => {
  await withFileStore(async ({ probe, data }) => {
    const folder = join(data, home, 'many');
    await mkdir(folder, { recursive: true });
    for (let index = 0; index < 2000; index++) {
      await writeFile(join(folder, `${index}`), 'x');
    }
    const progress = { isCounted: false };
    const counting = probe.store.used(home).then((bytes) => {
      progress.isCounted = true;
      return bytes;
    });
    let changes = 0;
    while (!progress.isCounted) {
      await probe.put(`${home}/f`, 'FF');
      await probe.delete(`${home}/f`);
      changes++;
    }
    expect(changes).toBeGreaterThan(0);
    // What was counted while it was there may count too much, never too little, until it is counted again.
    expect(await counting).toBeGreaterThanOrEqual(2000);
    await until(async () => (await probe.store.used(home)) === 2000);
  });
});
