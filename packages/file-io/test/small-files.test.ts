import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

// As others import it: its threads run what was compiled.
import { SmallFiles, type FileStats, type PlacedFile, type ReadFile } from '@e2eeftp/file-io';

import { makeFolder } from './folder.js';

const limit = 10_000;
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;

const newFile = { flags: 'wx', mode: 0o666, isDurable: true };

function only<Result>(results: readonly (Result | Error)[]): Result {
  expect(results).toHaveLength(1);
  const [result] = results as [Result | Error];
  if (result instanceof Error) throw result;
  return result;
}

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

  async function read(path: string, flags = readFlags): Promise<ReadFile> {
    return only(await files.read([path], flags, limit));
  }

  async function make(name: string, bytes: Uint8Array, more: object = {}): Promise<FileStats> {
    const path = join(folder, name);
    return only(await files.write([{ path, bytes, ...more }], newFile));
  }

  async function put(
    name: string,
    text: string,
    replaces = true,
    more: object = {},
  ): Promise<PlacedFile> {
    const from = join(folder, `.${name}.part`);
    await make(`.${name}.part`, Buffer.from(text), more);
    return only(await files.place([{ from, to: join(folder, name), replaces }]));
  }

  test('a file is read with what the system says of it', async () => {
    const path = join(folder, 'f');
    await writeFile(path, 'content');
    const { stats, bytes, hasChanged } = await read(path);
    const { ino, size, mtimeNs, ctimeNs, mode } = await stat(path, { bigint: true });
    expect(stats).toMatchObject({ ino, size, mtimeNs, ctimeNs, mode });
    expect(hasChanged).toBe(false);
    expect([stats.isFile(), stats.isDirectory()]).toEqual([true, false]);
    expect(Buffer.from(bytes ?? []).toString()).toBe('content');
    expect(await openFiles()).toEqual([]);
  });

  test('what is no file, or too large, is only looked at', async () => {
    await writeFile(join(folder, 'f'), Buffer.alloc(limit + 1));
    const large = await read(join(folder, 'f'));
    expect([large.stats.size, large.bytes]).toEqual([BigInt(limit + 1), undefined]);
    const { stats, bytes } = await read(folder);
    expect([stats.isFile(), stats.isDirectory(), bytes]).toEqual([false, true, undefined]);
    expect(await openFiles()).toEqual([]);
  });

  test('a failure of the system keeps its code', async () => {
    const missing = join(folder, 'missing');
    await expect(read(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.flushFolder(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.exists(join(folder, 'f'.repeat(300)))).rejects.toMatchObject({
      code: 'ENAMETOOLONG',
    });
    await expect(make('missing/f', Buffer.from('x'))).rejects.toMatchObject({ code: 'ENOENT' });
    await symlink('/dev/null', join(folder, 'link'));
    const noFollow = readFlags | constants.O_NOFOLLOW;
    const link = read(join(folder, 'link'), noFollow);
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
        const { bytes } = await read(join(folder, name));
        return Buffer.from(bytes ?? []).toString();
      }),
    );
    await Promise.all(flushes);
    expect(contents).toEqual(names.map((name) => name.repeat(10)));
    expect(await openFiles()).toEqual([]);
  });

  test('each of several files has an outcome of its own', async () => {
    const names = ['a', 'missing/b', 'c', 'd', 'e'];
    const paths = names.map((name) => join(folder, name));
    await mkdir(join(folder, 'd'));
    const toWrite = names.map((name) => ({ path: join(folder, name), bytes: Buffer.from(name) }));
    const written = await files.write(toWrite, newFile);
    const codeOf = (result: unknown): unknown =>
      result instanceof Error && 'code' in result ? result.code : undefined;
    expect(written.map(codeOf)).toEqual([undefined, 'ENOENT', undefined, 'EEXIST', undefined]);
    await writeFile(join(folder, 'c'), Buffer.alloc(limit + 1));
    const found = await files.read(paths, readFlags, limit);
    expect(found.map(codeOf)).toEqual([undefined, 'ENOENT', undefined, undefined, undefined]);
    const contents = found.map((file) => {
      const bytes = file instanceof Error ? undefined : file.bytes;
      return bytes && Buffer.from(bytes).toString();
    });
    expect(contents).toEqual(['a', undefined, undefined, undefined, 'e']);
    const moves = paths.map((from) => ({ from, to: `${from}.moved`, replaces: false }));
    await writeFile(join(folder, 'e.moved'), 'there');
    const placed = await files.place(moves);
    expect(placed.map(codeOf)).toEqual([undefined, 'ENOENT', undefined, 'EPERM', 'EEXIST']);
    expect((await readdir(folder)).sort()).toEqual(['a.moved', 'c.moved', 'd', 'e', 'e.moved']);
    expect(await openFiles()).toEqual([]);
  });

  test('contents that need more memory than small files do are read whole', async () => {
    const contents = [1, 9_999, 0, 10_000, 5].map((size, index) => Buffer.alloc(size, index + 1));
    const paths = contents.map((_, index) => join(folder, `f${index}`));
    for (const [index, path] of paths.entries()) await writeFile(path, contents[index] ?? '');
    const found = await files.read(paths, readFlags, limit);
    for (const [index, file] of found.entries()) {
      expect(file instanceof Error ? file : file.bytes).toEqual(
        new Uint8Array(contents[index] ?? []),
      );
    }
    expect(await files.read([], readFlags, limit)).toEqual([]);
  });

  test('once closed, it does nothing more', async () => {
    const path = join(folder, 'f');
    await writeFile(path, 'x');
    const reading = Promise.allSettled(Array.from({ length: 50 }, () => read(path)));
    await files.close();
    await reading;
    await expect(read(path)).rejects.toThrow('closed');
  });
});

const compiled = fileURLToPath(new URL('../dist/index.js', import.meta.url));

test('threads that have nothing to do keep no program alive', async () => {
  const script = `
    const { SmallFiles } = await import(${JSON.stringify(compiled)});
    const [file] = await new SmallFiles().read([process.execPath], 0, 10);
    console.log(file.bytes === undefined);`;
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
    await files.read(['/dev/null'], 0, 10).catch((error) => console.log(error.code));`;
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)('prlimit', ['--nofile=64', ...node], {
    timeout: 20_000,
  });
  expect(stdout).toBe('EMFILE\n');
});
