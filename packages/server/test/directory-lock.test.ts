import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { DirectoryLock } from '../src/directory-lock.js';
import { makeTemporaryDirectory, removeDirectory } from './store/temporary-directory.js';
import { startChild } from './support/child.js';

let directory: string;

beforeEach(async () => {
  directory = await makeTemporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(directory);
});

function holders(count: number, moment = 0): Promise<Awaited<ReturnType<typeof startChild>>[]> {
  return Promise.all(
    Array.from({ length: count }, () => startChild('hold-lock.mjs', [directory, `${moment}`])),
  );
}

test('a lock is held once, and can be had again', async () => {
  const lock = await DirectoryLock.acquire(directory);
  await expect(DirectoryLock.acquire(directory)).rejects.toMatchObject({ code: 'in-use' });
  const other = await DirectoryLock.acquire(directory, 'other');
  await lock.release();
  const again = await DirectoryLock.acquire(directory);
  await again.release();
  await other.release();
  expect(await readdir(directory)).toEqual([]);
});

test('a directory with a long name has a lock too', async () => {
  const long = `${directory}/${'x'.repeat(200)}/${'y'.repeat(200)}`;
  await mkdir(long, { recursive: true });
  const lock = await DirectoryLock.acquire(long);
  await expect(DirectoryLock.acquire(long)).rejects.toMatchObject({ code: 'in-use' });
  await lock.release();
});

test('a lock that another process holds is not to be had until that is dead', async () => {
  const [child] = await holders(1);
  try {
    expect(await child?.nextLine()).toBe('held');
    for (let index = 0; index < 3; index++) {
      await expect(DirectoryLock.acquire(directory)).rejects.toMatchObject({ code: 'in-use' });
    }
  } finally {
    await child?.kill();
  }
  const lock = await DirectoryLock.acquire(directory);
  await lock.release();
  expect(await readdir(directory)).toEqual([]);
});

test('what died before it wanted the lock is removed, once nobody can be about to want it', async () => {
  for (const name of ['.lock.aa', '.lock.bb']) await writeFile(`${directory}/${name}`, '');
  const before = new Date(Date.now() - 120_000);
  await utimes(`${directory}/.lock.aa`, before, before);
  const lock = await DirectoryLock.acquire(directory);
  await lock.release();
  expect(await readdir(directory)).toEqual(['.lock.bb']);
});

test('of many in one process that want a lock at once, exactly one has it', async () => {
  for (let round = 0; round < 20; round++) {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => DirectoryLock.acquire(directory)),
    );
    const locks = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    expect(locks).toHaveLength(1);
    await locks[0]?.release();
  }
});

test('of many processes that want a lock at once, exactly one has it, stale locks or not', async () => {
  for (let round = 0; round < 4; round++) {
    const children = await holders(6, Date.now() + 600);
    try {
      const lines = await Promise.all(children.map((child) => child.nextLine()));
      expect(lines.sort()).toEqual(['held', ...Array<string>(5).fill('in-use')]);
    } finally {
      // The next round finds what they leave.
      await Promise.all(children.map((child) => child.kill()));
    }
  }
});
