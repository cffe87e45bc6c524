import { setImmediate } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { parsePath } from '@e2eeftp/protocol';

import { withFileStore } from './file-fixture.js';

const path = parsePath('received/f');

test('readers, uploads and digests count, and each gives its place back however it ends', async () => {
  await withFileStore(
    async ({ probe }) => {
      const { store } = probe;
      const key = { owner: Buffer.alloc(32, 1), id: Buffer.alloc(16, 2) };
      const resumable = { ...key, offset: 0 };
      for (let round = 0; round < 3; round++) {
        await probe.put('received/f', Buffer.from('x'));
        await (await store.open(path)).close();
        await (await store.createUpload({ path })).discard();
        await (await store.createUpload({ path, size: 9, resumable })).suspend();
        await store.findUpload(key, { digest: true });
        const missing = { ...key, id: Buffer.alloc(16, 3) };
        await expect(store.findUpload(missing, { digest: true })).rejects.toThrow();
        await expect(store.open(parsePath('received/none'))).rejects.toThrow();
        const beyond = { ...resumable, offset: 1000 };
        await expect(store.createUpload({ path, size: 9, resumable: beyond })).rejects.toThrow();
        await expect(
          (await store.createUpload({ path })).commit({ overwrite: 'never' }),
        ).rejects.toThrow();
      }
    },
    { limits: { openFiles: 1 } },
  );
});

test('who comes when all are in use waits for one that ends', async () => {
  await withFileStore(
    async ({ probe }) => {
      await probe.put('received/f', Buffer.from('content'));
      const upload = await probe.store.createUpload({ path: parsePath('received/g') });
      let isOpen = false;
      const opened = probe.store.open(path).then((reader) => {
        isOpen = true;
        return reader;
      });
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      expect(isOpen).toBe(false);
      await upload.commit({ overwrite: 'always' });
      await (await opened).close();
    },
    { limits: { openFiles: 1 } },
  );
});
