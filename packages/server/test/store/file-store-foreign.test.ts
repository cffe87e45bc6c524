import { writeFileSync } from 'node:fs';
import {
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';

import { describe, expect, test } from '@jest/globals';
import { parsePath } from '@e2eeftp/protocol';

import type { StoreProbe } from '../../src/store/conformance/context.js';
import { withFileStore } from './file-fixture.js';
import { makeFifo } from './system-programs.js';

/** All that can be asked for at a path, but for what would put something into its place. */
async function expectMissing(probe: StoreProbe, path: string): Promise<void> {
  const missing = { code: 'not-found' };
  await expect(probe.stat(path)).rejects.toMatchObject(missing);
  await expect(probe.list(path)).rejects.toMatchObject(missing);
  await expect(probe.store.open(parsePath(path))).rejects.toMatchObject(missing);
  await expect(probe.delete(path)).rejects.toMatchObject(missing);
  await expect(probe.delete(path, true)).rejects.toMatchObject(missing);
  await expect(probe.rename(path, 'received/moved')).rejects.toMatchObject(missing);
  await expect(probe.store.setMode(parsePath(path), 0o777)).rejects.toMatchObject(missing);
  const folder = path.slice(0, path.lastIndexOf('/'));
  expect(await probe.names(folder)).not.toContain(path.slice(folder.length + 1));
}

describe.each(['descriptors', 'names'] as const)('what others put there (%s)', (access) => {
  const withStore = (work: Parameters<typeof withFileStore>[0]) => withFileStore(work, { access });

  test('symbolic links are neither seen nor followed, wherever they lead', async () => {
    await withStore(async ({ probe, data, outside }) => {
      await mkdir(`${outside}/folder`);
      await writeFile(`${outside}/secret`, 'secret');
      await writeFile(`${data}/received/inside`, 'inside');
      const targets = {
        'to-file': `${outside}/secret`,
        'to-folder': `${outside}/folder`,
        'to-parent': '..',
        'to-itself': 'to-itself',
        'to-inside': 'inside',
        'to-key': '../server_id.key',
        dangling: `${outside}/new`,
      };
      for (const [name, target] of Object.entries(targets)) {
        await symlink(target, `${data}/received/${name}`);
      }
      for (const name of Object.keys(targets)) await expectMissing(probe, `received/${name}`);
      expect(await probe.names('', { recursive: true })).toEqual([
        'received',
        'received/inside',
        'vaults',
      ]);
      expect((await readdir(`${data}/received`)).length).toBe(8);
    });
  });

  test('nothing is reached through a link to a folder', async () => {
    await withStore(async ({ probe, data, outside }) => {
      await mkdir(`${outside}/folder/deep`, { recursive: true });
      await writeFile(`${outside}/folder/secret`, 'secret');
      await mkdir(`${data}/received/real`);
      await writeFile(`${data}/received/f`, 'f');
      await symlink(`${outside}/folder`, `${data}/received/real/link`);
      for (const folder of ['received/real/link', 'received/real/link/deep']) {
        const missing = { code: 'not-found' };
        for (const name of ['secret', 'deep', 'new']) {
          const path = `${folder}/${name}`;
          await expect(probe.stat(path)).rejects.toMatchObject(missing);
          await expect(probe.list(path)).rejects.toMatchObject(missing);
          await expect(probe.store.open(parsePath(path))).rejects.toMatchObject(missing);
          await expect(probe.delete(path, true)).rejects.toMatchObject(missing);
          await expect(probe.rename(path, 'received/stolen')).rejects.toMatchObject(missing);
          const conflict = { code: 'conflict' };
          await expect(probe.put(path, 'planted')).rejects.toMatchObject(conflict);
          await expect(probe.makeDirectory(path)).rejects.toMatchObject(conflict);
          await expect(probe.rename('received/f', path)).rejects.toMatchObject(conflict);
        }
      }
      expect((await readdir(outside, { recursive: true })).sort()).toEqual([
        'folder',
        'folder/deep',
        'folder/secret',
      ]);
      expect(await readFile(`${outside}/folder/secret`, 'utf8')).toBe('secret');
      expect(await readFile(`${data}/received/f`, 'utf8')).toBe('f');
    });
  });

  test('a branch that became a link leads nowhere', async () => {
    await withStore(async ({ probe, data, outside }) => {
      await writeFile(`${outside}/secret`, 'secret');
      await rm(`${data}/vaults`, { recursive: true });
      await symlink(outside, `${data}/vaults`);
      await expect(probe.stat('vaults')).rejects.toMatchObject({ code: 'not-found' });
      await expect(probe.stat('vaults/secret')).rejects.toMatchObject({ code: 'not-found' });
      await expect(probe.put('vaults/new', 'planted')).rejects.toMatchObject({ code: 'conflict' });
      expect(await probe.names('', { recursive: true })).toEqual(['received']);
      expect(await readdir(outside)).toEqual(['secret']);
    });
  });

  test('an upload takes the place of a link, and leaves alone what it led to', async () => {
    await withStore(async ({ probe, data, outside }) => {
      await writeFile(`${outside}/secret`, 'secret');
      await symlink(`${outside}/secret`, `${data}/received/f`);
      await expect(probe.put('received/f', 'new', { overwrite: 'never' })).rejects.toMatchObject({
        code: 'conflict',
      });
      await probe.put('received/f', 'new');
      expect(await probe.getText('received/f')).toBe('new');
      expect(await readFile(`${outside}/secret`, 'utf8')).toBe('secret');
    });
  });

  test('a folder with links in it is deleted without what they lead to', async () => {
    await withStore(async ({ probe, data, outside }) => {
      await mkdir(`${outside}/folder`);
      await writeFile(`${outside}/folder/precious`, 'precious');
      await probe.put('received/d/e/f', '');
      await symlink(`${outside}/folder`, `${data}/received/d/link`);
      await symlink(`${outside}/folder/precious`, `${data}/received/d/e/link`);
      await expect(probe.delete('received/d')).rejects.toMatchObject({ code: 'conflict' });
      await probe.delete('received/d', true);
      expect(await probe.names('received')).toEqual([]);
      expect(await readFile(`${outside}/folder/precious`, 'utf8')).toBe('precious');
      expect(await readdir(`${data}/.e2eeftp/trash`)).toEqual([]);
    });
  });

  test('a file that has a second name elsewhere is replaced, not written to', async () => {
    await withStore(async ({ probe, data, outside }) => {
      await writeFile(`${outside}/original`, 'original');
      await link(`${outside}/original`, `${data}/received/f`);
      await probe.put('received/f', 'new');
      expect(await readFile(`${outside}/original`, 'utf8')).toBe('original');
    });
  });

  test('a FIFO and a socket neither block nor are seen', async () => {
    await withStore(async ({ probe, data }) => {
      await makeFifo(`${data}/received/fifo`);
      const server = createServer().listen(`${data}/received/socket`);
      try {
        await once(server, 'listening');
        for (const name of ['fifo', 'socket']) await expectMissing(probe, `received/${name}`);
        expect(await probe.names('received', { recursive: true })).toEqual([]);
        await probe.put('received/fifo', 'file now');
        expect(await probe.getText('received/fifo')).toBe('file now');
      } finally {
        server.close();
        await once(server, 'close');
      }
    });
  });

  test('a file that is cut short under a reader is an error', async () => {
    await withStore(async ({ probe, data }) => {
      await probe.put('received/f', new Uint8Array(3_000_000));
      const reader = await probe.store.open(parsePath('received/f'));
      await writeFile(`${data}/received/f`, 'short');
      const read = async () => {
        for await (const chunk of reader.read(0, reader.file.size))
          expect(chunk.length).not.toBe(0);
      };
      await expect(read()).rejects.toMatchObject({ code: 'io' });
      await reader.close();
    });
  });

  test('a data directory that was moved away is an error, not an empty one', async () => {
    await withStore(async ({ probe, data, outside }) => {
      await probe.put('received/f', 'content');
      await rename(data, `${outside}/moved`);
      const lost = { code: 'io' };
      await expect(probe.stat('received/f')).rejects.toMatchObject(lost);
      await expect(probe.list('received')).rejects.toMatchObject(lost);
      await mkdir(`${data}/received`, { recursive: true });
      await expect(probe.stat('received/g/f')).rejects.toMatchObject(lost);
      await expect(probe.delete('received/g/f')).rejects.toMatchObject(lost);
    });
  });
});

test('names that no path can have are not listed, and are deleted with their folder', async () => {
  await withFileStore(async ({ probe, data }) => {
    const folder = `${data}/received/d`;
    await mkdir(folder);
    const names = ['\xFF\xFE', 'a\xC3', 'line\nfeed', 'back\\slash', '\x1b[31m', '\xC2\x9B'];
    for (const name of names) {
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]), '');
    }
    await mkdir(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]));
    await probe.put('received/d/\uFFFD', 'fine');
    expect(await probe.names('received', { recursive: true })).toEqual(['d', 'd/\uFFFD']);
    await probe.delete('received/d/\uFFFD');
    await expect(probe.delete('received/d')).rejects.toMatchObject({ code: 'conflict' });
    await probe.delete('received/d', true);
    expect(await readdir(`${data}/received`)).toEqual([]);
    expect(await readdir(`${data}/.e2eeftp/trash`)).toEqual([]);
  });
});

test('no two states of a file that others write in place have one etag', async () => {
  await withFileStore(async ({ probe, data }) => {
    await probe.put('received/f', 'aaaa');
    const seen = [(await probe.stat('received/f')).etag];
    for (let turn = 0; turn < 200; turn++) {
      writeFileSync(`${data}/received/f`, `${1000 + turn}`);
      seen.push((await probe.stat('received/f')).etag);
    }
    expect(new Set(seen).size).toBe(seen.length);
  });
});

test('no two states of a folder that others change have one etag', async () => {
  await withFileStore(async ({ probe, data }) => {
    const seen: string[] = [];
    for (let turn = 0; turn < 200; turn++) {
      writeFileSync(`${data}/received/${turn % 2 === 0 ? 'f' : 'g'}`, '');
      seen.push((await probe.stat('received')).etag);
      await rm(`${data}/received/${turn % 2 === 0 ? 'f' : 'g'}`);
      seen.push((await probe.stat('received')).etag);
    }
    expect(new Set(seen).size).toBe(seen.length);
  });
});

test('a file with a time of its own has an etag that holds', async () => {
  await withFileStore(async ({ probe, data }) => {
    await writeFile(`${data}/received/f`, 'copied here with its time');
    await utimes(`${data}/received/f`, 1_600_000_000, 1_600_000_000);
    const { etag } = await probe.stat('received/f');
    expect((await probe.stat('received/f')).etag).toBe(etag);
    await probe.put('received/f', 'replaced', { overwrite: { etag } });
    expect(await probe.getText('received/f')).toBe('replaced');
  });
});
