import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

// As others import it: its threads run what was compiled.
import { SmallFiles, type FileStats, type PlacedFile } from '@e2eeftp/file-io';

import { makeFolder } from './folder.js';

const limit = 10_000;
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});

/** The files below the folder that this process has open. */
async function openFiles(): Promise<string[]> {
  const numbers = await readdir('/proc/self/fd');
  const targets = numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => ''));
  return (await Promise.all(targets)).filter((target) => target.startsWith(folder));
}

describe.each([0, 1, 4])('with %i threads', (threads) => {
  let files: SmallFiles;
  beforeEach(() => {
    files = new SmallFiles(threads);
  });
  afterEach(async () => {
    await files.close();
  });

  function make(name: string, bytes: Uint8Array, more: object = {}): Promise<FileStats> {
    const path = join(folder, name);
    const mtime = undefined;
    return files.write({ path, flags: 'wx', mode: 0o666, bytes, mtime, isDurable: true, ...more });
  }

  async function put(
    name: string,
    text: string,
    replaces = true,
    more: object = {},
  ): Promise<PlacedFile> {
    const from = join(folder, `.${name}.part`);
    await make(`.${name}.part`, Buffer.from(text), more);
    return files.place({ from, to: join(folder, name), replaces });
  }

  test('a file is read with what the system says of it', async () => {
    const path = join(folder, 'f');
    await writeFile(path, 'content');
    const { stats, bytes, hasChanged } = await files.read(path, readFlags, limit);
    const { ino, size, mtimeNs, ctimeNs, mode } = await stat(path, { bigint: true });
    expect(stats).toMatchObject({ ino, size, mtimeNs, ctimeNs, mode });
    expect(hasChanged).toBe(false);
    expect([stats.isFile(), stats.isDirectory()]).toEqual([true, false]);
    expect(Buffer.from(bytes ?? []).toString()).toBe('content');
    expect(await openFiles()).toEqual([]);
  });

  test('what is no file, or too large, is only looked at', async () => {
    await writeFile(join(folder, 'f'), Buffer.alloc(limit + 1));
    const large = await files.read(join(folder, 'f'), readFlags, limit);
    expect([large.stats.size, large.bytes]).toEqual([BigInt(limit + 1), undefined]);
    const { stats, bytes } = await files.read(folder, readFlags, limit);
    expect([stats.isFile(), stats.isDirectory(), bytes]).toEqual([false, true, undefined]);
    expect(await openFiles()).toEqual([]);
  });

  test('a failure of the system keeps its code', async () => {
    const missing = join(folder, 'missing');
    await expect(files.read(missing, readFlags, limit)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.flushFolder(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.exists(join(folder, 'f'.repeat(300)))).rejects.toMatchObject({
      code: 'ENAMETOOLONG',
    });
    await expect(make('missing/f', Buffer.from('x'))).rejects.toMatchObject({ code: 'ENOENT' });
    await symlink('/dev/null', join(folder, 'link'));
    const noFollow = readFlags | constants.O_NOFOLLOW;
    const link = files.read(join(folder, 'link'), noFollow, limit);
    await expect(link).rejects.toMatchObject({ code: 'ELOOP' });
  });

  test('a file gets its bytes, its time and its permissions, and then its name', async () => {
    const { stats } = await put('f', 'content', true, { mtime: 1_600_000_000, permissions: 0o666 });
    const path = join(folder, 'f');
    const found = await stat(path, { bigint: true });
    expect(stats).toMatchObject({ ino: found.ino, ctimeNs: found.ctimeNs, size: 7n });
    expect(await readFile(path, 'utf8')).toBe('content');
    expect(found.mtimeMs).toBe(1_600_000_000_000n);
    expect(Number(found.mode) & 0o777).toBe(0o666);
    expect(await readdir(folder)).toEqual(['f']);
    expect(await openFiles()).toEqual([]);
  });

  test('only what may be replaced is', async () => {
    expect((await put('f', 'older')).hasReplaced).toBe(false);
    expect((await put('f', 'old')).hasReplaced).toBe(true);
    await expect(put('f', 'other', false)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(join(folder, 'f'), 'utf8')).toBe('old');
    expect(await openFiles()).toEqual([]);
    await expect(put('f', 'again')).rejects.toMatchObject({ code: 'EEXIST', syscall: 'open' });
    expect(await readFile(join(folder, '.f.part'), 'utf8')).toBe('other');
    await mkdir(join(folder, 'd'));
    await expect(put('d', 'file')).rejects.toMatchObject({ code: 'EISDIR' });
  });

  test('whoever asks whether something is there hears of links that lead nowhere too', async () => {
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    expect(await files.exists(join(folder, 'link'))).toBe(true);
    expect(await files.exists(join(folder, 'nowhere'))).toBe(false);
  });

  test('the caller keeps its bytes', async () => {
    const pooled = Buffer.from('pooled');
    await put('f', 'pooled');
    await make('g', pooled);
    expect(pooled.toString()).toBe('pooled');
  });

  test('many things at once all come out right', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `f${index}`);
    await Promise.all(names.map((name) => put(name, name.repeat(10))));
    const flushes = names.map(() => files.flushFolder(folder));
    const contents = await Promise.all(
      names.map(async (name) => {
        const { bytes } = await files.read(join(folder, name), readFlags, limit);
        return Buffer.from(bytes ?? []).toString();
      }),
    );
    await Promise.all(flushes);
    expect(contents).toEqual(names.map((name) => name.repeat(10)));
    expect(await openFiles()).toEqual([]);
  });

  test('once closed, it does nothing more', async () => {
    const path = join(folder, 'f');
    await writeFile(path, 'x');
    const reading = Promise.allSettled(
      Array.from({ length: 50 }, () => files.read(path, readFlags, limit)),
    );
    await files.close();
    await reading;
    await expect(files.read(path, readFlags, limit)).rejects.toThrow('closed');
  });
});

const compiled = fileURLToPath(new URL('../dist/index.js', import.meta.url));

test('threads that have nothing to do keep no program alive', async () => {
  const script = `
    const { SmallFiles } = await import(${JSON.stringify(compiled)});
    const { bytes } = await new SmallFiles().read(process.execPath, 0, 10);
    console.log(bytes === undefined);`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toBe('true\n');
});

test('a thread that cannot begin says why', async () => {
  const script = `
    const { openSync } = await import('node:fs');
    const { SmallFiles } = await import(${JSON.stringify(compiled)});
    const files = new SmallFiles();
    try { for (;;) openSync('/dev/null'); } catch {}
    await files.read('/dev/null', 0, 10).catch((error) => console.log(error.code));`;
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)('prlimit', ['--nofile=64', ...node], {
    timeout: 20_000,
  });
  expect(stdout).toBe('EMFILE\n');
});
