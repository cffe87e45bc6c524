import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@jest/globals';

import type { Client, TogetherOutcome } from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import type { FaultyPair } from './faulty-pair.js';
import type { Task } from './fault-run.js';

const large = randomBytes(3 * 1024 * 1024 + 1);
const small = Array.from({ length: 90 }, (_, index) =>
  randomBytes(index < 12 ? 4096 : 500 + index),
);
/** The first ones go by themselves, the others several with each request. */
const parts = [
  ...Array.from({ length: 12 }, (_, index) => [index]),
  ...[12, 38, 64].map((first) => Array.from({ length: 26 }, (_, index) => first + index)),
];
let names = 0;

function at(index: number): Buffer {
  return small[index] ?? Buffer.alloc(0);
}

/** Fails as the first of them did; none may be left to be moved by itself. */
function throwFirst(outcomes: readonly TogetherOutcome[]): void {
  for (const outcome of outcomes) {
    if (outcome instanceof Error) throw outcome;
    expect(outcome).toBeDefined();
  }
}

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
        parts.map(async (part) => {
          const files = part.map((index) => ({ source: at(index), path: `${folder}/${index}` }));
          if (part.length > 1) throwFirst(await client.sendTogether(files));
          else for (const { source, path } of files) await client.send(source, path);
        }),
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
          parts.map(async (part) => {
            const files = part.map((index) => ({
              path: `${remote}/${index}`,
              target: join(folder, `${index}`),
              size: at(index).length,
            }));
            if (part.length > 1) throwFirst(await client.getTogether(files));
            else for (const { path, target } of files) await client.get(path, target);
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
export function plainTasks(pair: () => FaultyPair): Readonly<Record<string, () => Promise<Task>>> {
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
