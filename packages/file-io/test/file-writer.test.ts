import { readFile, type FileHandle } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FileWriteError, FileWriter } from '../src/index.js';
import { instead, openFull, openNew, takingAtMost } from './handles.js';

const mebibyte = 1024 * 1024;

describe('FileWriter', () => {
  test('writes any parts in their order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), { maxLength: 30 }),
        async (writes) => {
          const { handle, path } = await openNew();
          const writer = new FileWriter(handle);
          // Nobody has to wait for one write before the next.
          const pending = writes.map((parts) => writer.write(parts));
          await Promise.all(pending);
          await writer.finish();
          const expected = Buffer.concat(writes.flat());
          expect(writer.size).toBe(expected.length);
          expect(expected.equals(await readFile(path))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([1023, 1024, 1025, 20_000])('writes %i tiny parts at once', async (count) => {
    const { handle, path } = await openNew();
    const writer = new FileWriter(handle, { flushTurn: { isTaken: false } });
    const parts = Array.from({ length: count }, (_, index) => Buffer.from(`${String(index)},`));
    await writer.write(parts);
    await writer.finish();
    expect((await readFile(path)).equals(Buffer.concat(parts))).toBe(true);
  });

  test('goes on where the system stopped short', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { minLength: 1 }),
        fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1 }),
        async (parts, limits) => {
          const { handle, path } = await openNew();
          let turn = 0;
          const most = (): number => limits[turn++ % limits.length] ?? 1;
          const writer = new FileWriter(takingAtMost(handle, most));
          await writer.write(parts);
          await writer.finish();
          expect((await readFile(path)).equals(Buffer.concat(parts))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('fails when the system takes nothing and gives no reason', async () => {
    const { handle } = await openNew();
    const writer = new FileWriter(
      takingAtMost(handle, () => 0),
      undefined,
    );
    await writer.write([new Uint8Array(1)]);
    await expect(writer.finish()).rejects.toMatchObject({ code: 'no-progress' });
  });

  test('lets its caller wait while it has enough', async () => {
    const { handle, path } = await openNew();
    let mayWrite: (() => void) | undefined;
    const allowed = new Promise<void>((resolve) => {
      mayWrite = resolve;
    });
    const slow = instead(handle, {
      writev: async (parts: readonly Uint8Array[], position: number) => {
        await allowed;
        return handle.writev(parts, position);
      },
    });
    const writer = new FileWriter(slow);
    const part = new Uint8Array(mebibyte);
    for (let taken = 1; taken < 4; taken++) await writer.write([part]);
    let isReleased = false;
    const waiting = writer.write([part]).then(() => {
      isReleased = true;
    });
    // Another file is written meanwhile: the wait is for room, not for a turn of the event loop.
    const other = await openNew();
    await other.handle.writeFile('abc');
    expect(isReleased).toBe(false);
    mayWrite?.();
    await waiting;
    await writer.finish();
    expect((await readFile(path)).length).toBe(4 * mebibyte);
  });

  test('tells every caller of a full disk, now and later', async () => {
    const writer = new FileWriter(await openFull(), { flushTurn: { isTaken: false } });
    const part = new Uint8Array(3 * mebibyte);
    const writes = await Promise.allSettled([
      writer.write([part]),
      writer.write([part]),
      writer.write([part]),
    ]);
    expect(writes.slice(1)).toMatchObject([
      { status: 'rejected', reason: { code: 'ENOSPC' } },
      { status: 'rejected', reason: { code: 'ENOSPC' } },
    ]);
    await expect(writer.write([part])).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(writer.finish()).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(writer.finish()).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('tells of a full disk at the end, when all was taken before', async () => {
    const writer = new FileWriter(await openFull());
    await writer.write([new Uint8Array(1)]);
    await expect(writer.finish()).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('takes nothing more once it was given up, and leaves the handle alone', async () => {
    const { handle } = await openNew();
    const writer = new FileWriter(handle, { flushTurn: { isTaken: false } });
    const writes = [1, 2, 3].map(() => writer.write([new Uint8Array(3 * mebibyte)]));
    const settled = Promise.allSettled(writes);
    await writer.abandon();
    expect((await settled).at(-1)).toMatchObject({ status: 'rejected' });
    const { size } = await handle.stat();
    expect(size).toBeLessThan(9 * mebibyte);
    await expect(writer.write([new Uint8Array(1)])).rejects.toBeInstanceOf(FileWriteError);
    await expect(writer.finish()).rejects.toMatchObject({ code: 'abandoned' });
    await writer.abandon();
    expect((await handle.stat()).size).toBe(size);
  });

  test('flushes in passing, one of several writers at a time, and gives the turn back', async () => {
    const turn = { isTaken: false };
    const part = new Uint8Array(4 * mebibyte);
    let flushes = 0;
    let most = 0;
    let running = 0;
    const counting = (handle: FileHandle): FileHandle =>
      instead(handle, {
        datasync: async () => {
          flushes += 1;
          running += 1;
          most = Math.max(most, running);
          await handle.datasync();
          running -= 1;
        },
      });
    const write = async (): Promise<void> => {
      const { handle } = await openNew();
      const writer = new FileWriter(counting(handle), { flushTurn: turn });
      for (let written = 0; written < 17; written++) await writer.write([part]);
      await writer.finish();
    };
    await Promise.all([write(), write()]);
    expect(flushes).toBeGreaterThanOrEqual(1);
    expect({ most, running, turn }).toEqual({ most: 1, running: 0, turn: { isTaken: false } });
  });
});
