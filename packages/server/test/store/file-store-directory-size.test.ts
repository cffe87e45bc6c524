import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { FileStore } from '../../src/store/file-store.js';
import { withFileStore } from './file-fixture.js';

const full = { code: 'directory-full' };
const limits = { directorySize: 3 };

test('a full folder takes nothing new: no file, no folder, and nothing that is moved', async () => {
  await withFileStore(
    async ({ probe, data }) => {
      for (const name of ['a', 'b', 'c']) await probe.put(`received/d/${name}`, Buffer.from(name));
      await probe.put('received/x', Buffer.from('x'));
      await expect(probe.put('received/d/x', Buffer.from('x'))).rejects.toMatchObject(full);
      await expect(probe.put('received/d/e/x', Buffer.from('x'))).rejects.toMatchObject(full);
      await expect(probe.makeDirectory('received/d/e')).rejects.toMatchObject(full);
      await expect(probe.rename('received/x', 'received/d/x')).rejects.toMatchObject(full);
      await expect(probe.rename('received/x', 'received/d/e/x')).rejects.toMatchObject(full);
      expect((await readdir(`${data}/received/d`)).sort()).toEqual(['a', 'b', 'c']);
      expect(await readdir(`${data}/.e2eeftp/uploads`)).toEqual([]);
      // What is there can be replaced, renamed within and removed.
      await probe.put('received/d/a', Buffer.from('new'));
      await probe.rename('received/d/b', 'received/d/z');
      await probe.delete('received/d/z');
      await probe.rename('received/x', 'received/d/x');
      await expect(probe.makeDirectory('received/d/e')).rejects.toMatchObject(full);
      expect((await readdir(`${data}/received/d`)).sort()).toEqual(['a', 'c', 'x']);
    },
    { limits },
  );
});

test('an upload is refused before its bytes come, and a folder that fills meanwhile at its end', async () => {
  await withFileStore(
    async ({ probe }) => {
      const { store } = probe;
      const path = 'received/d/late' as never;
      const upload = await store.createUpload({ path });
      for (const name of ['a', 'b', 'c']) await probe.put(`received/d/${name}`, Buffer.from(name));
      await expect(store.createUpload({ path })).rejects.toMatchObject(full);
      await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(full);
      await expect(store.stat(path)).rejects.toMatchObject({ code: 'not-found' });
    },
    { limits },
  );
});

test('of many that come at once, as many are stored as there is room for', async () => {
  await withFileStore(
    async ({ probe, data }) => {
      for (const overwrite of ['always', 'never'] as const) {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 20 }, async (_, index) => {
            const path = `received/${overwrite}/${index}` as never;
            const upload = await probe.store.createUpload({ path });
            return upload.commit({ overwrite });
          }),
        );
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(full);
        }
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
        expect(await readdir(`${data}/received/${overwrite}`)).toHaveLength(10);
      }
    },
    { limits: { directorySize: 10 }, durability: 'relaxed' },
  );
});

test('a folder takes what is in it along, and leaves a place without any', async () => {
  await withFileStore(
    async ({ probe }) => {
      for (const name of ['a', 'b', 'c']) await probe.put(`received/d/${name}`, Buffer.from(name));
      await probe.rename('received/d', 'received/e');
      await expect(probe.makeDirectory('received/e/x')).rejects.toMatchObject(full);
      await probe.makeDirectory('received/d/x');
      await probe.delete('received/e', true);
      await probe.makeDirectory('received/e/x');
    },
    { limits },
  );
});

test('what others have put there counts, listed or not, and what is beyond the limit stays', async () => {
  await withFileStore(
    async ({ probe, data }) => {
      await mkdir(`${data}/received/d`);
      for (const name of ['a', 'b', 'c', 'd']) await writeFile(`${data}/received/d/${name}`, name);
      await expect(probe.makeDirectory('received/d/x')).rejects.toMatchObject(full);
      expect(await readdir(`${data}/received/d`)).toHaveLength(4);
      const { store } = probe;
      if (!(store instanceof FileStore)) throw new Error('the store is another one');
      store.changeLimits({ directorySize: 5 });
      await rm(`${data}/received/d/a`);
      await probe.delete('received/d/b');
      await probe.makeDirectory('received/d/x');
    },
    { limits },
  );
});
