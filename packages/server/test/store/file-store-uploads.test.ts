import { lstat, readdir, readFile, stat, writeFile } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';

import { keyOf, pointOf, write } from '../../src/store/conformance/context.js';
import { withFileStore } from './file-fixture.js';
import { inTemporaryDirectory } from './temporary-directory.js';
import { content, filesOf, keptFiles, leaveUpload, until, withStoreAt } from './uploads-fixture.js';

const key = keyOf(1);
const gone = { code: 'not-found' };

describe('uploads outlive their store', () => {
  test('as far as they were, and go on', async () => {
    await inTemporaryDirectory(async (data) => {
      await withStoreAt(data, async (probe) => {
        await (await write(probe.resume('received/a/f', key), content)).suspend();
      });
      for (const offset of [200_000, 100_000]) {
        await withStoreAt(data, async (probe) => {
          await (await write(probe.resume('received/a/f', key, offset), 'x')).suspend();
        });
      }
      await withStoreAt(data, async (probe) => {
        const found = Buffer.concat([content.subarray(0, 100_000), Buffer.from('x')]);
        expect(await probe.find(key)).toEqual(pointOf(found));
        const upload = await write(
          probe.resume('received/a/f', key, 100_000),
          content.subarray(100_000),
        );
        await upload.commit({ overwrite: 'never' });
        expect(Buffer.from(content).equals(await probe.get('received/a/f'))).toBe(true);
      });
    });
  });

  test('also when it was closed while they were written', async () => {
    await inTemporaryDirectory(async (data) => {
      await withStoreAt(data, async (probe) => {
        const upload = await write(probe.resume('received/f', key), content);
        await probe.store.close();
        await upload.suspend();
      });
      await withStoreAt(data, async (probe) => {
        expect(await probe.find(key)).toEqual(pointOf(content));
      });
    });
  });

  test('what became of a finished one is known after that too', async () => {
    await inTemporaryDirectory(async (data) => {
      const done = await withStoreAt(data, async (probe) => {
        const upload = await write(probe.resume('received/f', key), content);
        return upload.commit({ overwrite: 'never' });
      });
      await withStoreAt(data, async (probe) => {
        expect(await probe.find(key)).toEqual({ offset: content.length, done });
        expect((await probe.stat('received/f')).etag).toBe(done.etag);
      });
      expect((await keptFiles(data)).filter((name) => name.endsWith('.part'))).toEqual([]);
    });
  });

  test('without flushes too', async () => {
    await inTemporaryDirectory(async (data) => {
      const relaxed = { durability: 'relaxed' } as const;
      await withStoreAt(data, (probe) => leaveUpload(probe), relaxed);
      await withStoreAt(
        data,
        async (probe) => {
          expect(await probe.find(key)).toEqual(pointOf(content));
          await (
            await probe.resume('received/f', key, content.length)
          ).commit({
            overwrite: 'always',
          });
          expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
        },
        relaxed,
      );
    });
  });
});

describe('the time of uploads', () => {
  test('is over some time after their last byte, unless somebody writes them', async () => {
    await withFileStore(
      async ({ probe, data }) => {
        await leaveUpload(probe, keyOf(1));
        await (
          await write(probe.resume('received/g', keyOf(2)), 'x')
        ).commit({
          overwrite: 'never',
        });
        // The time that the client gives its file has nothing to do with it.
        const refused = await write(probe.resume('received/g', keyOf(3)), 'x');
        await expect(
          refused.commit({ overwrite: 'never', mtime: Date.UTC(2200, 0) }),
        ).rejects.toMatchObject({ code: 'conflict' });
        const held = await write(probe.resume('received/h', keyOf(4)), content);
        const { journal, part } = filesOf(data, keyOf(4));
        await until(async () => (await readdir(filesOf(data, key).folder)).length === 2);
        expect((await lstat(journal)).isFile() && (await lstat(part)).isFile()).toBe(true);
        await held.write([content]);
        await held.commit({ overwrite: 'never' });
        expect((await probe.stat('received/h')).size).toBe(2 * content.length);
        expect(await probe.names('received')).toEqual(['g', 'h']);
        await until(async () => (await readdir(filesOf(data, key).folder)).length === 0);
        for (const id of [1, 2, 3, 4]) {
          await expect(probe.find(keyOf(id))).rejects.toMatchObject(gone);
        }
      },
      { uploadLifetime: 100 },
    );
  });

  test('also passes while no store is open', async () => {
    await inTemporaryDirectory(async (data) => {
      await withStoreAt(data, (probe) => leaveUpload(probe));
      const { ctimeMs } = await stat(filesOf(data, key).journal);
      await until(() => Promise.resolve(Date.now() > ctimeMs + 2));
      await withStoreAt(data, async (probe) => {
        expect(await probe.find(key)).toEqual(pointOf(content));
      });
      await withStoreAt(
        data,
        async (probe) => {
          await expect(probe.find(key)).rejects.toMatchObject(gone);
        },
        { uploadLifetime: 1 },
      );
    });
  });
});

describe('an identity keeps a bounded number of uploads', () => {
  function hexOf(index: number): string {
    return index.toString(16).padStart(32, '0');
  }

  test('a thousand unfinished ones', async () => {
    await withFileStore(async ({ probe, data }) => {
      await leaveUpload(probe);
      const { folder, journal } = filesOf(data, key);
      const text = await readFile(journal, 'utf8');
      for (let index = 1; index < 1000; index++) {
        await writeFile(`${folder}/${hexOf(index)}.part`, content.subarray(0, 10));
        await writeFile(`${folder}/${hexOf(index)}.json`, text.replace('300000', '10'));
      }
      await expect(probe.resume('received/g', keyOf(2))).rejects.toMatchObject({ code: 'busy' });
      await expect(probe.find(keyOf(2))).rejects.toMatchObject(gone);
      // Nobody else suffers, and those that are there go on.
      await (await probe.resume('received/g', keyOf(2, 2))).suspend();
      await (await probe.resume('received/f', key, content.length)).discard();
      await (await probe.resume('received/g', keyOf(2))).suspend();
      await expect(probe.resume('received/g', keyOf(3))).rejects.toMatchObject({ code: 'busy' });
    });
  });

  test('finished ones keep nobody from beginning; the oldest are forgotten', async () => {
    await withFileStore(async ({ probe, data }) => {
      const upload = await write(probe.resume('received/f', keyOf(255)), 'x');
      await upload.commit({ overwrite: 'never' });
      const { folder, journal } = filesOf(data, keyOf(255));
      const text = await readFile(journal, 'utf8');
      const idOf = (index: number) => ({ ...key, id: Buffer.from(hexOf(index), 'hex') });
      for (let index = 1; index < 1999; index++) {
        await writeFile(`${folder}/${hexOf(index)}.json`, text);
      }
      await (await probe.resume('received/g', keyOf(2))).suspend();
      expect((await readdir(folder)).length).toBe(1999 + 2);
      await writeFile(`${folder}/${hexOf(1999)}.json`, text);
      await (await probe.resume('received/g', keyOf(3))).suspend();
      expect((await readdir(folder)).length).toBe(1000 + 4);
      for (const index of [1, 500, 900]) {
        await expect(probe.find(idOf(index))).rejects.toMatchObject(gone);
      }
      for (const index of [1100, 1500, 1999]) {
        expect((await probe.find(idOf(index))).done?.size).toBe(1);
      }
      await expect(probe.find(keyOf(255))).rejects.toMatchObject(gone);
    });
  });
});

test('what is kept of uploads is closed to others', async () => {
  await withFileStore(async ({ probe, data }) => {
    await leaveUpload(probe);
    const { journal, part } = filesOf(data, key);
    for (const path of [journal, part]) expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(`${data}/.e2eeftp/resumable`)).mode & 0o777).toBe(0o700);
  });
});

/** What threads and folders in use hold open says nothing of the files. */
const nothingKept = { threads: 0, keepFolders: 0 };

test('no call leaves a file of an upload open, however it ends', async () => {
  await withFileStore(async ({ probe }) => {
    await probe.put('received/old', 'old');
    const openFiles = async () => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    for (let turn = 0; turn < 20; turn++) {
      const id = keyOf(turn);
      const first = await write(probe.resume('received/old', id), content);
      await Promise.allSettled([
        probe.find(id),
        first.write([content]),
        first.sha256(),
        probe.resume('received/old', id, 5),
        probe.resume('received/old', id, content.length * 9),
        probe.resume('received/other', id),
        probe.find(keyOf(200 + turn)),
        probe.resume('received/old/under', keyOf(100)),
        first.commit({ overwrite: 'never' }),
      ]);
      await probe.find(id);
      const last = await write(probe.resume('received/old', id), 'x');
      if (turn % 2 === 0) await last.discard();
      else await last.commit({ overwrite: 'always' });
    }
    await until(async () => (await openFiles()) === before);
  }, nothingKept);
});
