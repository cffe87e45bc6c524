import { mkdir, readdir, readFile, stat, symlink, writeFile, chmod } from 'node:fs/promises';

import { expect, test } from '@jest/globals';
import { parsePath } from '@e2eeftp/protocol';

import { patternBytes, StoreProbe } from '../../src/store/conformance/context.js';
import { FileStore } from '../../src/store/file-store.js';
import { startChild, type Child } from './child-process.js';
import { withFileStore } from './file-fixture.js';
import { withMount } from './system-programs.js';
import { inTemporaryDirectory } from './temporary-directory.js';

const mebibyte = 1024 * 1024;
const noSpace = { code: 'no-space' };

async function linesOf(child: Child): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await child.nextLine(); line !== undefined; line = await child.nextLine()) {
    lines.push(line);
  }
  return lines;
}

test('a full disk refuses an upload, keeps what is there, and has room again', async () => {
  await inTemporaryDirectory(async (directory) => {
    const isMounted = await withMount(directory, 'size=2m,nr_inodes=24', async () => {
      const store = await FileStore.open({ directory });
      const probe = new StoreProbe(store);
      const content = patternBytes(mebibyte);
      await probe.put('received/f', content);
      await expect(probe.put('received/f', patternBytes(2 * mebibyte))).rejects.toMatchObject(
        noSpace,
      );
      const announced = { path: parsePath('received/g'), size: 2 * mebibyte };
      await expect(store.createUpload(announced)).rejects.toMatchObject(noSpace);
      const makeMany = async () => {
        for (let count = 0; count < 24; count++) await probe.makeDirectory(`received/d${count}`);
      };
      await expect(makeMany()).rejects.toMatchObject(noSpace);
      await expect(store.createUpload({ path: parsePath('received/g') })).rejects.toMatchObject(
        noSpace,
      );
      expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
      expect(await readdir(`${directory}/.e2eeftp/uploads`)).toEqual([]);
      await probe.delete('received/d0');
      await probe.delete('received/f');
      await probe.put('received/g', content);
      await store.close();
    });
    // Where nothing may be mounted, a limit on the size of files is the disk that ends.
    if (!isMounted) await expectRefusalBeyondLimit(directory);
  });
});

test('a file beyond the limit of the system is too large, and leaves the old one', async () => {
  await inTemporaryDirectory(expectRefusalBeyondLimit);
});

async function expectRefusalBeyondLimit(directory: string): Promise<void> {
  const wrapper = ['prlimit', `--fsize=${mebibyte}`];
  const sizes = ['1000', `${2 * mebibyte}`, `${mebibyte + 1}`];
  const child = await startChild('fill.mjs', [directory, ...sizes], wrapper);
  expect(await linesOf(child)).toEqual(['stored 1000', 'too-large', 'too-large']);
  await child.kill();
  expect((await readFile(`${directory}/received/f`)).length).toBe(1000);
  expect(await readdir(`${directory}/.e2eeftp/uploads`)).toEqual([]);
}

test('no open file left is a limit that passes', async () => {
  await inTemporaryDirectory(async (directory) => {
    const wrapper = ['prlimit', '--nofile=512'];
    // Large enough to be read piece by piece: a small file is open for a moment only.
    const sizes = ['100000', 'open', '20'];
    const child = await startChild('fill.mjs', [directory, ...sizes], wrapper);
    expect(await linesOf(child)).toEqual(['stored 100000', 'busy', 'stored 20']);
    await child.kill();
  });
});

test('a path that is too long for the system is refused before its bytes come', async () => {
  await inTemporaryDirectory(async (directory) => {
    const deep = [directory, ...Array.from({ length: 6 }, () => 'd'.repeat(250))].join('/');
    const store = await FileStore.open({ directory: deep });
    const names = Array.from({ length: 12 }, () => 'n'.repeat(250));
    const path = parsePath(['received', ...names].join('/'));
    const parent = parsePath(['received', ...names.slice(1)].join('/'));
    await expect(store.createUpload({ path })).rejects.toMatchObject({ code: 'too-large' });
    await expect(store.makeDirectory(parent)).rejects.toMatchObject({ code: 'too-large' });
    await store.close();
  });
});

test('what the store keeps for itself is closed to others', async () => {
  await inTemporaryDirectory(async (directory) => {
    await mkdir(`${directory}/.e2eeftp`);
    await chmod(`${directory}/.e2eeftp`, 0o755);
    const store = await FileStore.open({ directory });
    const upload = await store.createUpload({ path: parsePath('received/f') });
    const [name] = await readdir(`${directory}/.e2eeftp/uploads`);
    for (const [path, mode] of [
      ['.e2eeftp', 0o700],
      ['.e2eeftp/uploads', 0o700],
      [`.e2eeftp/uploads/${name ?? ''}`, 0o600],
    ] as const) {
      expect((await stat(`${directory}/${path}`)).mode & 0o777).toBe(mode);
    }
    await upload.discard();
    expect(await readdir(`${directory}/.e2eeftp/uploads`)).toEqual([]);
    await store.close();
  });
});

test('a data directory that cannot be used is refused at once', async () => {
  await inTemporaryDirectory(async (directory) => {
    const unusable = { code: 'io' };
    await writeFile(`${directory}/file`, '');
    await expect(FileStore.open({ directory: `${directory}/file` })).rejects.toMatchObject({
      code: expect.stringMatching(/^(io|conflict|not-found)$/) as unknown as string,
    });
    for (const name of ['.e2eeftp', 'received', 'vaults']) {
      const data = `${directory}/with-link-${name}`;
      await mkdir(data);
      await symlink(directory, `${data}/${name}`);
      await expect(FileStore.open({ directory: data })).rejects.toMatchObject(unusable);
    }
    const data = `${directory}/with-mount`;
    await mkdir(`${data}/received`, { recursive: true });
    await withMount(`${data}/received`, 'size=1m', async () => {
      await expect(FileStore.open({ directory: data })).rejects.toMatchObject(unusable);
    });
  });
});

test('a data directory may be reached through a link, and is made when it is missing', async () => {
  await inTemporaryDirectory(async (directory) => {
    await mkdir(`${directory}/real`);
    await symlink(`${directory}/real`, `${directory}/link`);
    const store = await FileStore.open({ directory: `${directory}/link/new/data` });
    await new StoreProbe(store).put('received/f', 'content');
    expect(await readFile(`${directory}/real/new/data/received/f`, 'utf8')).toBe('content');
    await store.close();
  });
});

/** What threads and folders in use hold open says nothing of the files. */
const nothingKept = { threads: 0, keepFolders: 0 };

test('no call leaves a file open, however it ends', async () => {
  await withFileStore(async ({ probe, data }) => {
    await probe.put('received/d/f', 'content');
    await symlink('/', `${data}/received/link`);
    const openFiles = async () => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    const paths = [
      'received/d/f',
      'received/d',
      'received/link',
      'received/link/tmp',
      'received/x/y',
    ];
    for (let turn = 0; turn < 5; turn++) {
      for (const path of paths) {
        await Promise.allSettled([
          probe.stat(path),
          probe.get(path),
          probe.list(path),
          probe.put(`${path}/under`, ''),
          probe.put(path, '', { overwrite: 'never' }),
          probe.put(path, '', { overwrite: { etag: 'none' } }),
          probe.rename(path, `${path}/in/itself`),
          probe.rename(path, 'received/d/f'),
          probe.makeDirectory(`${path}/sub`),
          probe.delete(`${path}/sub`),
        ]);
      }
    }
    expect(await openFiles()).toBe(before);
  }, nothingKept);
});

test('closing waits for what is under way, and what comes later is refused', async () => {
  await withFileStore(async ({ probe, data }) => {
    const upload = await probe.store.createUpload({ path: parsePath('received/f') });
    await upload.write([patternBytes(3 * mebibyte)]);
    const change = probe.makeDirectory('received/a/b/c');
    await probe.store.close();
    expect(await readdir(`${data}/received/a/b`)).toEqual(['c']);
    await change;
    await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject({ code: 'io' });
    expect(await readdir(`${data}/received`)).toEqual(['a']);
    expect(await readdir(`${data}/.e2eeftp/uploads`)).toEqual([]);
  });
});

test('trash that cannot be removed keeps no store from opening, nor other trash there', async () => {
  await inTemporaryDirectory(async (directory) => {
    const trash = `${directory}/.e2eeftp/trash`;
    await mkdir(`${trash}/b/busy`, { recursive: true });
    await mkdir(`${trash}/a`);
    await writeFile(`${trash}/c`, '');
    const reopen = async () => {
      const store = await FileStore.open({ directory });
      await store.close();
      return readdir(trash);
    };
    await withMount(`${trash}/b/busy`, 'size=1m', async () => {
      expect(await reopen()).toEqual(['b']);
    });
    expect(await reopen()).toEqual([]);
  });
});
