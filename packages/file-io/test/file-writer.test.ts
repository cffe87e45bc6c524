import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FileWriter, skipBytes } from '../src/file-writer.js';

const mebibyte = 1024 * 1024;

async function inTemporaryDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'e2eeftp-file-io-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function withWriter(
  work: (writer: FileWriter, path: string, handle: FileHandle) => Promise<void>,
): Promise<void> {
  await inTemporaryDirectory(async (directory) => {
    const path = `${directory}/file`;
    const handle = await open(path, 'w+');
    try {
      await work(new FileWriter(handle, { isTaken: false }), path, handle);
    } finally {
      await handle.close();
    }
  });
}

/** Which of the promises settled without any of the system's calls having ended. */
async function settledAtOnce(promises: readonly Promise<void>[]): Promise<number> {
  let settled = 0;
  for (const promise of promises) {
    promise.then(
      () => settled++,
      () => settled++,
    );
  }
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return settled;
}

describe('a writer', () => {
  test('lets its caller be ahead by less than four mebibytes', async () => {
    await withWriter(async (writer, path) => {
      const writes = Array.from({ length: 12 }, () => writer.write([randomBytes(mebibyte)]));
      expect(await settledAtOnce(writes)).toBe(3);
      await Promise.all(writes);
      await writer.finish();
      expect((await readFile(path)).length).toBe(12 * mebibyte);
    });
  });

  test('writes what it is given, however it is cut up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 40 }), { maxLength: 40 }),
        async (calls) => {
          await withWriter(async (writer, path) => {
            for (const parts of calls) await writer.write(parts);
            await writer.finish();
            const expected = Buffer.concat(calls.flat());
            expect(writer.size).toBe(expected.length);
            expect(expected.equals(await readFile(path))).toBe(true);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  test('writes more pieces than the system takes at once', async () => {
    await withWriter(async (writer, path) => {
      const content = randomBytes(5000);
      await writer.write(Array.from(content, (_, index) => content.subarray(index, index + 1)));
      await writer.finish();
      expect(Buffer.from(content).equals(await readFile(path))).toBe(true);
    });
  });

  test('a full disk fails the write under way, those that wait, and all that follow', async () => {
    const handle = await open('/dev/full', 'w');
    try {
      const writer = new FileWriter(handle, undefined);
      const writes = Array.from({ length: 6 }, () => writer.write([new Uint8Array(mebibyte)]));
      const outcomes = await Promise.allSettled(writes);
      expect(outcomes.slice(0, 3).map(({ status }) => status)).toEqual(
        Array.from({ length: 3 }, () => 'fulfilled'),
      );
      for (const outcome of outcomes.slice(3)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ENOSPC' } });
      }
      const full = { code: 'ENOSPC' };
      await expect(writer.write([new Uint8Array(1)])).rejects.toMatchObject(full);
      await expect(writer.finish()).rejects.toMatchObject(full);
    } finally {
      await handle.close();
    }
  });

  test('giving up ends calls that wait, and writes nothing more', async () => {
    await withWriter(async (writer, path) => {
      const writes = Array.from({ length: 8 }, () => writer.write([new Uint8Array(mebibyte)]));
      const outcomes = Promise.allSettled(writes);
      await writer.abandon();
      const { length } = await readFile(path);
      expect((await outcomes).at(-1)).toMatchObject({ status: 'rejected' });
      await expect(writer.write([new Uint8Array(1)])).rejects.toMatchObject({ code: 'abandoned' });
      expect((await readFile(path)).length).toBe(length);
    });
  });

  test('a file that cannot be written says so at the end at the latest', async () => {
    await inTemporaryDirectory(async (directory) => {
      const handle = await open(directory, 'r');
      try {
        const writer = new FileWriter(handle, undefined);
        await writer.write([new Uint8Array(1)]);
        await expect(writer.finish()).rejects.toMatchObject({ code: 'EBADF' });
      } finally {
        await handle.close();
      }
    });
  });
});

test('what a system did not take is written next, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9 })), fc.nat({ max: 60 }), (parts, count) => {
      const all = Buffer.concat(parts);
      const rest = skipBytes(parts, Math.min(count, all.length));
      expect(Buffer.concat(rest).equals(all.subarray(count))).toBe(true);
      if (count >= all.length) expect(rest.every((part) => part.length === 0)).toBe(true);
    }),
  );
});
