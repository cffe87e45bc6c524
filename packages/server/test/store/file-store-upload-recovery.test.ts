import {
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';

import { keyOf, pointOf, write, type StoreProbe } from '../../src/store/conformance/context.js';
import { withFileStore } from './file-fixture.js';
import { inTemporaryDirectory } from './temporary-directory.js';
import { content, filesOf, keptFiles, leaveUpload, withStoreAt } from './uploads-fixture.js';

const key = keyOf(1);
const gone = { code: 'not-found' };

describe('a process that died between storing a file and saying so', () => {
  /** What it may have left: the file has its name, and its first one too or not. */
  const windows = {
    'behind the link that makes a file where none was': link,
    'behind the renaming that replaces one': rename,
  };

  async function dieBehind(place: typeof rename, data: string): Promise<void> {
    const { part } = filesOf(data, key);
    await utimes(part, 1_600_000_000, 1_600_000_000);
    await place(part, `${data}/received/f`);
  }

  async function expectDone(probe: StoreProbe, data: string): Promise<void> {
    const { offset, done } = await probe.find(key);
    expect(offset).toBe(content.length);
    const { size, mtime, etag, mode } = await probe.stat('received/f');
    expect(done).toEqual({ size, mtime, etag, mode });
    expect((await stat(`${data}/received/f`)).nlink).toBe(1);
    expect(await readdir(filesOf(data, key).folder)).toEqual([expect.stringMatching(/\.json$/u)]);
    await expect(probe.resume('received/f', key, 0)).rejects.toMatchObject({ code: 'conflict' });
  }

  test.each(Object.entries(windows))('%s: the upload is done', async (_where, place) => {
    await inTemporaryDirectory(async (data) => {
      await withStoreAt(data, (probe) => leaveUpload(probe));
      await dieBehind(place, data);
      await withStoreAt(data, (probe) => expectDone(probe, data));
    });
  });

  test.each(Object.entries(windows))(
    '%s: later changes make no other file of it',
    async (_, place) => {
      await inTemporaryDirectory(async (data) => {
        await withStoreAt(data, (probe) => leaveUpload(probe));
        await dieBehind(place, data);
        await withStoreAt(data, async (probe) => {
          const { size, mtime, etag, mode } = await probe.stat('received/f');
          // Some get the inode of the first one, once that is gone.
          for (let turn = 0; turn < 6; turn++) {
            await probe.put('received/f', `another ${turn}`);
            const done = { size, mtime, etag, mode };
            expect(await probe.find(key)).toEqual({ offset: content.length, done });
          }
        });
      });
    },
  );

  test.each(Object.entries(windows))('%s, and nobody opened it again', async (_where, place) => {
    await withFileStore(async ({ probe, data }) => {
      await leaveUpload(probe);
      await dieBehind(place, data);
      await expectDone(probe, data);
    });
  });

  test('is not told as done when another file lies there', async () => {
    await inTemporaryDirectory(async (data) => {
      await withStoreAt(data, (probe) => leaveUpload(probe));
      const { part, folder } = filesOf(data, key);
      await rename(part, `${data}/received/f`);
      await writeFile(`${data}/received/another`, content);
      await rename(`${data}/received/another`, `${data}/received/f`);
      await withStoreAt(data, async (probe) => {
        await expect(probe.find(key)).rejects.toMatchObject(gone);
        const upload = await write(probe.resume('received/f', key), 'anew');
        await upload.commit({ overwrite: 'always' });
        expect(await probe.getText('received/f')).toBe('anew');
      });
      expect((await readdir(folder)).length).toBe(1);
    });
  });
});

describe('what is left of uploads that cannot go on', () => {
  test.each<[string, (data: string) => Promise<void>]>([
    ['bytes without a journal', (data) => unlink(filesOf(data, key).journal)],
    ['a journal without bytes', (data) => unlink(filesOf(data, key).part)],
    ['fewer bytes than the journal says', (data) => truncate(filesOf(data, key).part, 299_999)],
    ['an empty journal', (data) => truncate(filesOf(data, key).journal, 0)],
    ['half a journal', (data) => truncate(filesOf(data, key).journal, 40)],
    ['a journal of zeros', (data) => writeFile(filesOf(data, key).journal, Buffer.alloc(200))],
    ['a journal that says nothing', (data) => writeFile(filesOf(data, key).journal, '{}')],
    ['a negative offset', (data) => changeJournal(data, { offset: -1 })],
    ['an offset with a fraction', (data) => changeJournal(data, { offset: 0.5 })],
    ['no inode', (data) => changeJournal(data, { inode: undefined })],
    ['a path that leads elsewhere', (data) => changeJournal(data, { path: '../outside' })],
    ['a journal of another version', (data) => changeJournal(data, { version: 2 })],
  ])('%s: is not found, can begin anew, and is removed', async (_what, damage) => {
    await inTemporaryDirectory(async (data) => {
      await withStoreAt(data, async (probe) => {
        await leaveUpload(probe, key);
        await damage(data);
        await expect(probe.find(key)).rejects.toMatchObject(gone);
        await expect(probe.resume('received/f', key, 1)).rejects.toMatchObject(gone);
      });
      await withStoreAt(data, async () => {
        expect(await keptFiles(data)).toEqual([]);
      });
      await withStoreAt(data, async (probe) => {
        await leaveUpload(probe, key);
        await damage(data);
        const upload = await write(probe.resume('received/f', key), 'anew');
        await upload.commit({ overwrite: 'never' });
        expect(await probe.getText('received/f')).toBe('anew');
      });
    });
  });

  async function changeJournal(data: string, change: object): Promise<void> {
    const { journal } = filesOf(data, key);
    const state = JSON.parse(await readFile(journal, 'utf8')) as object;
    await writeFile(journal, JSON.stringify({ ...state, ...change }));
  }

  test('rubbish goes, uploads stay, and nothing elsewhere is touched', async () => {
    await inTemporaryDirectory(async (directory) => {
      const [data, outside] = [`${directory}/data`, `${directory}/outside`];
      await mkdir(outside);
      await writeFile(`${outside}/aa.part`, 'precious');
      await withStoreAt(data, async (probe) => {
        await leaveUpload(probe, key);
        await leaveUpload(probe, keyOf(9, 2));
      });
      const { folder, journal } = filesOf(data, key);
      const before = await keptFiles(data);
      for (const name of [
        '0.json.tmp',
        'note',
        'aa.part',
        'xyz.json',
        '.json',
        '.part',
        'AA.part',
      ]) {
        await writeFile(`${folder}/${name}`, 'rubbish');
      }
      await writeFile(`${journal}.2837465`, 'half of a journal');
      await mkdir(`${folder}/bb.part`);
      await mkdir(`${folder}/cc/dd`, { recursive: true });
      await writeFile(`${folder}/cc/dd/file`, '');
      await symlink(outside, `${folder}/ee`);
      await symlink(outside, `${data}/.e2eeftp/resumable/${'ab'.repeat(32)}`);
      await mkdir(`${data}/.e2eeftp/resumable/${'cd'.repeat(32)}`);
      await withStoreAt(data, async (probe) => {
        const after = await keptFiles(data);
        expect(after.filter((name) => !name.startsWith('ab'))).toEqual(before);
        expect(await probe.find(key)).toEqual(pointOf(content));
      });
      expect(await readdir(outside)).toEqual(['aa.part']);
    });
  });
});
