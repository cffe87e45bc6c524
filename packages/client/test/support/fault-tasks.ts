import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@jest/globals';

import type { Client } from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import type { FaultyPair } from './faulty-pair.js';
import type { Task } from './fault-run.js';

const large = randomBytes(3 * 1024 * 1024 + 1);
const small = Array.from({ length: 90 }, (_, index) =>
  randomBytes(index < 12 ? 4096 : 500 + index),
);
/** The first ones go by themselves, the others several with each request. */
const isAlone = (index: number): boolean => index < 12;
let names = 0;

function newName(): string {
  names += 1;
  return `received/${names}`;
}

async function expectStored(direct: Client, path: string, content: Buffer): Promise<void> {
  expect((await direct.getBytes(path)).equals(content)).toBe(true);
}

/** A large file, up. */
async function uploadTask(): Promise<Task> {
  const path = newName();
  const source = join(await makeFolder(), 'source');
  await writeFile(source, large);
  return {
    run: async (client) => {
      await client.send(source, path, { checksum: true });
    },
    check: (direct) => expectStored(direct, path, large),
  };
}

/** Small files, up, whose requests follow each other over one connection, one by one and together. */
async function smallUploadsTask(): Promise<Task> {
  const folder = newName();
  return {
    run: async (client) => {
      await settleAll(
        small.map((bytes, index) =>
          client.send(bytes, `${folder}/${index}`, { checksum: isAlone(index) }),
        ),
      );
    },
    check: async (direct) => {
      for (const [index, bytes] of small.entries()) {
        await expectStored(direct, `${folder}/${index}`, bytes);
      }
    },
  };
}

/** A large file, down. */
function downloadTask(pair: () => FaultyPair): () => Promise<Task> {
  const path = newName();
  let sent: Promise<unknown> | undefined;
  return async () => {
    sent ??= pair().direct.send(large, path);
    await sent;
    const folder = await makeFolder();
    return {
      run: async (client) => {
        await client.get(path, join(folder, 'a'));
      },
      check: async () => {
        expect(await readdir(folder)).toEqual(['a']);
        expect((await readFile(join(folder, 'a'))).equals(large)).toBe(true);
      },
    };
  };
}

/** Small files, down, whose requests follow each other over one connection, one by one and together. */
function smallDownloadsTask(pair: () => FaultyPair): () => Promise<Task> {
  const remote = newName();
  let sent: Promise<unknown> | undefined;
  return async () => {
    sent ??= Promise.all(
      small.map((bytes, index) => pair().direct.send(bytes, `${remote}/${index}`)),
    );
    await sent;
    const folder = await makeFolder();
    return {
      run: async (client) => {
        await settleAll(
          small.map(({ length }, index) => {
            const size = isAlone(index) ? undefined : length;
            return client.get(`${remote}/${index}`, join(folder, `${index}`), { size });
          }),
        );
      },
      check: async () => {
        expect((await readdir(folder)).length).toBe(small.length);
        for (const [index, bytes] of small.entries()) {
          expect((await readFile(join(folder, `${index}`))).equals(bytes)).toBe(true);
        }
      },
    };
  };
}

/** What is done with files of the server's own tree. */
export function plainTasks(
  pair: () => FaultyPair,
): Readonly<Record<string, () => Promise<Task>>> {
  return {
    'a large upload': uploadTask,
    'a large download': downloadTask(pair),
    'small uploads': smallUploadsTask,
    'small downloads': smallDownloadsTask(pair),
  };
}

/** Waits for all of them, also when one fails, and fails as the first does. */
async function settleAll(running: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(running);
  await Promise.all(running);
}
