import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { ClientHome, FileTransferJournal, type TransferKey } from '../../src/index.js';
import { makeFolder } from './support.js';

const key: TransferKey = {
  direction: 'upload',
  server: new Uint8Array(32),
  remote: 'received/a',
  local: '/a',
};
const record = { id: '00'.repeat(16), version: '1', boot: 'b', pid: 1 };
const week = 7 * 24 * 60 * 60;

describe('a journal in a folder', () => {
  test('gives back what was saved last, to a later run too', async () => {
    const home = new ClientHome(join(await makeFolder(), 'home'));
    expect(await home.transfers.find(key)).toBeUndefined();
    await Promise.all([
      home.transfers.save(key, record),
      home.transfers.save(key, { ...record, version: '2' }),
    ]);
    const later = new ClientHome(home.path).transfers;
    expect(await later.find(key)).toEqual({ ...record, version: '2' });
    await later.forget(key);
    await later.forget(key);
    expect(await home.transfers.find(key)).toBeUndefined();
    expect(await readdir(join(home.path, 'transfers'))).toEqual([]);
  });

  test('is for its owner alone', async () => {
    const folder = join(await makeFolder(), 'transfers');
    await new FileTransferJournal(folder).save(key, record);
    const [name = ''] = await readdir(folder);
    expect(name).toMatch(/^[0-9a-f]{64}\.json$/u);
    if (process.platform === 'win32') return;
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test.each<[string, Partial<TransferKey>]>([
    ['direction', { direction: 'download' }],
    ['server', { server: new Uint8Array(32).fill(1) }],
    ['remote path', { remote: 'received/b' }],
    ['local path', { local: '/b' }],
  ])('takes another %s for another transfer', async (_name, other) => {
    const journal = new FileTransferJournal(await makeFolder());
    await journal.save(key, record);
    expect(await journal.find({ ...key, ...other })).toBeUndefined();
  });

  test.each(['', '{', 'null', '[]', '{"local":1,"record":{}}', '{"local":"/a","record":1}'])(
    'takes the damaged %j for absent, and replaces it',
    async (text) => {
      const folder = await makeFolder();
      const journal = new FileTransferJournal(folder);
      await journal.save(key, record);
      const [name = ''] = await readdir(folder);
      await writeFile(join(folder, name), text);
      expect(await journal.find(key)).toBeUndefined();
      await journal.save(key, record);
      expect(await journal.find(key)).toEqual(record);
    },
  );

  test('removes what is older than a week, its part files, and nothing else', async () => {
    const folder = await makeFolder();
    const place = await makeFolder();
    const part = join(place, '.a.0123456789abcdef01234567.part');
    const young = join(place, '.b.0123456789abcdef01234567.part');
    const precious = join(place, 'precious');
    await Promise.all([part, young, precious].map((path) => writeFile(path, 'text')));
    const save = (local: string, at: string): Promise<void> =>
      new FileTransferJournal(folder).save(
        { ...key, direction: 'download', local: join(place, local) },
        { part: at, etag: 'e', size: 4, flushed: 4, boot: '', pid: 1 },
      );
    await save('a', part);
    await save('c', precious);
    const old = Date.now() / 1000 - week - 1;
    await writeFile(join(folder, `${'0'.repeat(64)}.json.2978843629`), '{');
    for (const name of await readdir(folder)) await utimes(join(folder, name), old, old);
    await writeFile(join(folder, 'else.json'), 'else');
    await utimes(join(folder, 'else.json'), old, old);
    await mkdir(join(folder, 'folder'));
    await save('b', young);
    expect((await readdir(place)).sort()).toEqual(['.b.0123456789abcdef01234567.part', 'precious']);
    expect((await readdir(folder)).length).toBe(3);
    expect(await readFile(join(folder, 'else.json'), 'utf8')).toBe('else');
  });
});
