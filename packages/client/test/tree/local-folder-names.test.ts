import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { LocalFolderNames, type NamedEntry } from '../../src/tree/local-folder-names.js';
import { NameRun } from '../../src/tree/name-run.js';
import { ScratchFile } from '../../src/tree/scratch-file.js';
import { SpilledNames } from '../../src/tree/spilled-names.js';
import { failureOf, makeFolder } from '../home/support.js';

const closers: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const closer of closers.splice(0)) await closer.close();
});

const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

const anyRuns = fc.array(fc.array(anyName, { maxLength: 40 }), { maxLength: 12 });

const byBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));

/** Names in runs of which each is in order. */
async function spill(runs: readonly (readonly string[])[]): Promise<SpilledNames> {
  const spilled = await SpilledNames.create();
  closers.push(spilled);
  const run = new NameRun();
  for (const names of runs) {
    for (const name of names) run.add(name, name.length % 5);
    run.sort();
    await spilled.add(run);
    run.clear();
  }
  return spilled;
}

async function all<Name>(from: { take(count: number): Promise<Name[]> }): Promise<Name[]> {
  const found: Name[] = [];
  for (;;) {
    const some = await from.take(7);
    found.push(...some);
    if (some.length < 7) return found;
  }
}

describe('names that do not fit into memory', () => {
  test('come in the order of their bytes, whatever they are and however they were parted', async () => {
    await fc.assert(
      fc.asyncProperty(anyRuns, async (runs) => {
        const found = await all(await spill(runs));
        const names = runs.flat().sort(byBytes);
        expect(found.map(({ bytes }) => bytes.toString('latin1'))).toEqual(names);
        expect(found.map(({ number }) => number)).toEqual(names.map(({ length }) => length % 5));
      }),
      { numRuns: 50 },
    );
  });

  test('may be more than are read of the file at once', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `${index}`.padStart(250, '0'));
    const odd = names.filter((_, index) => index % 2 === 1);
    const even = names.filter((_, index) => index % 2 === 0);
    const found = await all(await spill([odd, [], even]));
    expect(found.map(({ bytes }) => bytes.toString())).toEqual(names);
  });

  test('are valid still when the next ones were taken', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `${index}`.padStart(250, '0'));
    const spilled = await spill([names]);
    const first = await spilled.take(2);
    await all(spilled);
    expect(first.map(({ bytes }) => bytes.toString())).toEqual(names.slice(0, 2));
  });
});

test('a file for them that cannot be made says where, and what to do', async () => {
  const parent = join(await makeFolder(), 'none');
  const { code, message } = await failureOf(ScratchFile.create(parent));
  expect(code).toBe('local-file');
  expect(message).toContain(`in ${parent}: ENOENT`);
  expect(message).toMatch(/name another folder in TMPDIR$/u);
});

test('a file for them that is shorter than it was is no reason to wait', async () => {
  const scratch = await ScratchFile.create();
  closers.push(scratch);
  await scratch.append('four');
  expect((await scratch.read(Buffer.alloc(3), 1)).toString()).toBe('our');
  expect((await failureOf(scratch.read(Buffer.alloc(4), 1))).code).toBe('local-file');
});

describe('names of a folder', () => {
  async function namesOf(folder: string): Promise<NamedEntry[]> {
    const names = await LocalFolderNames.read(folder);
    closers.push(names);
    return all(names);
  }

  test('say what they stand for', async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'ä'), '');
    await writeFile(join(folder, 'a'), '');
    const found = (await namesOf(folder)).map(({ bytes, kind }) => [bytes.toString(), kind]);
    expect(found).toEqual([
      ['a', 'file'],
      ['b', 'directory'],
      ['ä', 'file'],
    ]);
  });

  test('beyond two megabytes come in order, too, and leave no file behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-names-'));
    const isOurs = (name: string): boolean => name.startsWith('e2eeftp-scratch-');
    try {
      const names = Array.from({ length: 9000 }, (_, index) =>
        `${(index * 7919) % 9000}`.padEnd(250, '-'),
      );
      for (const name of names) await writeFile(join(folder, name), '');
      const before = (await readdir(tmpdir())).filter(isOurs);
      const found = (await namesOf(folder)).map(({ bytes }) => bytes.toString());
      expect(found).toEqual([...names].sort());
      for (const closer of closers.splice(0)) await closer.close();
      expect((await readdir(tmpdir())).filter(isOurs)).toEqual(before);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('of a folder that is not there fail', async () => {
    await expect(LocalFolderNames.read(join(await makeFolder(), 'none'))).rejects.toThrow('ENOENT');
  });
});
