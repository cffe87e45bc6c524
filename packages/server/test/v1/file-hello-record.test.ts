import { randomBytes } from 'node:crypto';
import {
  appendFile,
  mkdir,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FileHelloRecord } from '../../src/index.js';
import { withMount } from '../store/system-programs.js';
import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';
import { startChild } from '../support/child.js';

const digestLength = 16;
const identity = randomBytes(32);
const hex = identity.toString('hex');

let parent: string;
let folder: string;
let file: string;
beforeEach(async () => {
  parent = await makeTemporaryDirectory();
  folder = `${parent}/.e2eeftp/v1-hellos`;
  file = `${folder}/${hex}`;
});
afterEach(async () => {
  await removeDirectory(parent);
});

const fresh = (): Buffer => randomBytes(32);

test('a hello is taken once, by whichever object asks', async () => {
  const record = await FileHelloRecord.open(folder);
  const hellos = Array.from({ length: 50 }, fresh);
  for (const hello of hellos) expect(await record.claim(identity, hello)).toBe(true);
  const again = await FileHelloRecord.open(folder);
  for (const hello of hellos) {
    expect(await record.claim(identity, hello)).toBe(false);
    expect(await again.claim(identity, hello)).toBe(false);
  }
  expect(await again.claim(identity, fresh())).toBe(true);
});

test('identities do not get in each other’s way', async () => {
  const record = await FileHelloRecord.open(folder);
  const hello = fresh();
  expect(await record.claim(identity, hello)).toBe(true);
  expect(await record.claim(fresh(), hello)).toBe(true);
  expect(await record.claim(identity, hello)).toBe(false);
});

test('what is kept is for the owner alone, and 16 bytes a hello', async () => {
  const record = await FileHelloRecord.open(folder);
  for (let count = 1; count <= 5; count++) {
    await record.claim(identity, fresh());
    expect((await stat(file)).size).toBe(count * digestLength);
  }
  expect(await readdir(folder)).toEqual([hex]);
  expect((await stat(folder)).mode & 0o077).toBe(0);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a hello that is repeated does not make the record grow', async () => {
  const record = await FileHelloRecord.open(folder);
  const hello = fresh();
  await record.claim(identity, hello);
  for (let turn = 0; turn < 20; turn++) {
    expect(await record.claim(identity, hello)).toBe(false);
  }
  expect((await stat(file)).size).toBe(digestLength);
});

test('at once in one process, one at most is let in', async () => {
  const record = await FileHelloRecord.open(folder);
  for (let turn = 0; turn < 30; turn++) {
    const hello = fresh();
    const taken = await Promise.all(Array.from({ length: 8 }, () => record.claim(identity, hello)));
    expect(taken.filter(Boolean).length).toBeLessThan(2);
    expect(await record.claim(identity, hello)).toBe(false);
  }
});

test('of several processes that race for the same hellos, one at most gets each', async () => {
  const processes = await Promise.all(
    Array.from({ length: 3 }, () => startChild('claim-hellos.mjs', [folder, hex])),
  );
  const each = 40;
  try {
    let taken = 0;
    for (let round = 0; round < 10; round++) {
      const first = round * each;
      for (const child of processes) child.say(`${Date.now() + 20} ${first} ${each}`);
      const lists = await Promise.all(
        processes.map(async (child) => JSON.parse((await child.nextLine()) ?? '') as number[]),
      );
      const all = lists.flat();
      expect(new Set(all).size).toBe(all.length);
      taken += all.length;
    }
    // Were all refused, the race would have shown nothing.
    expect(taken).toBeGreaterThan(0);
    const late = await startChild('claim-hellos.mjs', [folder, hex]);
    late.say(`0 0 ${10 * each}`);
    expect(JSON.parse((await late.nextLine()) ?? '')).toEqual([]);
    await late.kill();
  } finally {
    for (const child of processes) await child.kill();
  }
});

test('a record that was torn, at whatever place, still holds what it held', async () => {
  const record = await FileHelloRecord.open(folder);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.constant('hello' as const), fc.integer({ min: 1, max: 40 })), {
        minLength: 1,
        maxLength: 12,
      }),
      async (steps) => {
        await mkdir(folder, { recursive: true });
        await writeFile(file, '');
        const hellos: Buffer[] = [];
        for (const step of steps) {
          if (step !== 'hello') {
            // What a crash in the middle of a write, or a disk that was full, leaves.
            await appendFile(file, randomBytes(step));
            continue;
          }
          const hello = fresh();
          hellos.push(hello);
          expect(await record.claim(identity, hello)).toBe(true);
        }
        for (const hello of hellos) expect(await record.claim(identity, hello)).toBe(false);
        expect(await record.claim(identity, fresh())).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

test('a hello is found wherever it stands in a long record', async () => {
  const record = await FileHelloRecord.open(folder);
  const hello = fresh();
  await record.claim(identity, hello);
  const digest = await readFile(file);
  const scan = 256 * 1024;
  for (const offset of [
    0,
    1,
    scan - 17,
    scan - 16,
    scan - 15,
    scan - 1,
    scan,
    scan + 1,
    3 * scan,
  ]) {
    const long = randomBytes(offset + 16 + 100);
    digest.copy(long, offset);
    await writeFile(file, long);
    expect(await record.claim(identity, hello)).toBe(false);
    expect((await stat(file)).size).toBe(long.length);
  }
});

test('a record that is full lets nobody in, and says what to do', async () => {
  const record = await FileHelloRecord.open(folder);
  await mkdir(folder, { recursive: true });
  await writeFile(file, '');
  await truncate(file, 2 ** 24 * digestLength);
  const hello = fresh();
  for (let turn = 0; turn < 2; turn++) {
    await expect(record.claim(identity, hello)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('give it a new key'),
    });
  }
  expect((await stat(file)).size).toBe(2 ** 24 * digestLength);
  await truncate(file, (2 ** 24 - 1) * digestLength);
  expect(await record.claim(identity, hello)).toBe(true);
  expect(await record.claim(identity, hello)).toBe(false);
});

test('a record that cannot be written lets nobody in', async () => {
  const record = await FileHelloRecord.open(folder);
  await mkdir(file);
  await expect(record.claim(identity, fresh())).rejects.toMatchObject(badFile('EISDIR'));
  const other = fresh();
  await symlink('/dev/null', `${folder}/${other.toString('hex')}`);
  await expect(record.claim(other, fresh())).rejects.toMatchObject(badFile('ELOOP'));
});

test('a disk that is full lets nobody in', async () => {
  await mkdir(folder, { recursive: true });
  await withMount(folder, 'size=64k', async () => {
    const record = await FileHelloRecord.open(folder);
    const hello = fresh();
    expect(await record.claim(identity, hello)).toBe(true);
    await fillDisk(`${folder}/filler`);
    await expect(record.claim(fresh(), fresh())).rejects.toMatchObject(badFile('ENOSPC'));
    expect(await record.claim(identity, hello)).toBe(false);
  });
});

test('a record that cannot grow lets nobody in, and forgets nothing', async () => {
  const child = await startChild('claim-hellos.mjs', [folder, hex], ['prlimit', '--fsize=40']);
  try {
    const claim = async (number: number): Promise<string | undefined> => {
      child.say(`0 ${number} 1`);
      return child.nextLine();
    };
    expect(await claim(0)).toBe('[0]');
    expect(await claim(1)).toBe('[1]');
    // Half of the third fits.
    expect(await claim(2)).toBe('bad-file');
    expect((await stat(file)).size).toBe(40);
    expect(await claim(2)).toBe('bad-file');
    expect((await stat(file)).size).toBe(40);
    for (const number of [0, 1]) expect(await claim(number)).toBe('[]');
  } finally {
    await child.kill();
  }
});

/** What the system refused, as the server tells it. */
function badFile(code: string): object {
  return { code: 'bad-file', cause: { code } };
}

async function fillDisk(path: string): Promise<void> {
  const filler = await open(path, 'w');
  try {
    for (;;) await filler.write(Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    await filler.close();
  }
}
