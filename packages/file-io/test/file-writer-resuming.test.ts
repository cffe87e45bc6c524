import { readFile, type FileHandle } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FileWriter } from '../src/index.js';
import { instead, openNew, takingAtMost } from './handles.js';

const mebibyte = 1024 * 1024;

/** Bytes after which a writer flushes in passing. */
const flushInterval = 64 * mebibyte;

function contentOf(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 31) % 251));
}

async function writeMebibytes(writer: FileWriter, count: number): Promise<void> {
  const part = new Uint8Array(4 * mebibyte);
  for (let written = 0; written < count; written += 4) await writer.write([part]);
}

describe('FileWriter on a file that was begun before', () => {
  test('goes on behind what is there, wherever that ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 300 }),
        fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 5 }),
        async (start, limits) => {
          const content = contentOf(300);
          const { handle, path } = await openNew();
          await handle.write(content, 0, start, 0);
          let turn = 0;
          const most = (): number => limits[turn++ % limits.length] ?? 1;
          const writer = new FileWriter(takingAtMost(handle, most), { start });
          expect({ size: writer.size, written: writer.written }).toEqual({
            size: start,
            written: start,
          });
          await writer.write([content.subarray(start)]);
          await writer.finish();
          expect({ size: writer.size, written: writer.written }).toEqual({
            size: 300,
            written: 300,
          });
          expect((await readFile(path)).equals(content)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('knows how much was written when the disk is full in the middle', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 100 }),
        fc.nat({ max: 299 }),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { minLength: 1 }),
        async (start, room, parts) => {
          const { handle, path } = await openNew();
          await handle.write(contentOf(start), 0, start, 0);
          let left = room;
          const writer = new FileWriter(
            takingAtMost(handle, () => {
              const taken = Math.min(left, 37);
              left -= taken;
              return taken;
            }),
            { start },
          );
          await writer.write(parts).catch(() => undefined);
          const given = parts.reduce((sum, part) => sum + part.length, 0);
          const outcome = await writer.finish().then(
            () => 'finished',
            () => 'failed',
          );
          expect(outcome).toBe(given <= room ? 'finished' : 'failed');
          expect(writer.written).toBe(start + Math.min(given, room));
          const whole = Buffer.concat([contentOf(start), ...parts]);
          expect((await readFile(path)).equals(whole.subarray(0, writer.written))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each([0, 1, 3 * mebibyte + 7])(
    'with %d bytes tells how far they are durable',
    async (start) => {
      const { handle } = await openNew();
      await handle.truncate(start);
      const atFlush: number[] = [];
      const heard: number[] = [];
      const watched = instead(handle, {
        datasync: async () => {
          atFlush.push((await handle.stat()).size);
          await handle.datasync();
        },
      });
      const writer = new FileWriter(watched, {
        flushTurn: { isTaken: false },
        start,
        onFlushed: (bytes) => heard.push(bytes),
      });
      await writeMebibytes(writer, 64);
      await writer.finish();
      expect(heard).toHaveLength(1);
      await writeMebibytes(writer, 8);
      await writer.settle();
      // Each word comes behind its flush, and says no more than was there when that began.
      expect(heard).toHaveLength(atFlush.length);
      heard.forEach((bytes, index) => {
        expect(bytes).toBeGreaterThanOrEqual(start + flushInterval);
        expect(bytes).toBeLessThanOrEqual(atFlush[index] ?? 0);
      });
    },
  );

  test('says nothing of bytes in passing when nobody flushes, or somebody else does', async () => {
    for (const flushTurn of [undefined, { isTaken: true }]) {
      const { handle } = await openNew();
      const heard: number[] = [];
      const writer = new FileWriter(handle, { flushTurn, onFlushed: (bytes) => heard.push(bytes) });
      await writeMebibytes(writer, 68);
      await writer.finish();
      expect(heard).toEqual([]);
    }
  });
});

describe('FileWriter.flush', () => {
  /** Notes how large the file is whenever it is flushed. */
  function noting(handle: FileHandle, sizes: number[]): FileHandle {
    return instead(handle, {
      sync: async () => {
        sizes.push((await handle.stat()).size);
        await handle.sync();
      },
    });
  }

  test('comes behind everything that was given before', async () => {
    const { handle } = await openNew();
    const sizes: number[] = [];
    const writer = new FileWriter(noting(handle, sizes));
    const writes = [1, 2, 3].map(() => writer.write([new Uint8Array(3 * mebibyte)]));
    await writer.flush();
    await Promise.all(writes);
    expect({ sizes, written: writer.written }).toEqual({
      sizes: [9 * mebibyte],
      written: 9 * mebibyte,
    });
    await writer.write([new Uint8Array(1)]);
    await writer.flush();
    expect(sizes).toEqual([9 * mebibyte, 9 * mebibyte + 1]);
  });

  test('makes durable what found room before the disk was full', async () => {
    const { handle } = await openNew();
    const sizes: number[] = [];
    let left = 1000;
    const full = takingAtMost(noting(handle, sizes), () => {
      const taken = Math.min(left, 400);
      left -= taken;
      return taken;
    });
    const writer = new FileWriter(full);
    await writer.write([new Uint8Array(5000)]);
    await writer.flush();
    expect({ sizes, written: writer.written }).toEqual({ sizes: [1000], written: 1000 });
    await expect(writer.finish()).rejects.toMatchObject({ code: 'no-progress' });
  });

  test('fails for ever once it has failed: the next one would succeed for nothing', async () => {
    const { handle } = await openNew();
    let calls = 0;
    const failing = instead(handle, {
      sync: () => {
        calls++;
        return calls === 1 ? Promise.reject(new Error('the disk is gone')) : Promise.resolve();
      },
    });
    const writer = new FileWriter(failing);
    await writer.write([new Uint8Array(10)]);
    for (let turn = 0; turn < 3; turn++) await expect(writer.flush()).rejects.toThrow('is gone');
    await expect(writer.write([new Uint8Array(1)])).rejects.toThrow('is gone');
    await expect(writer.finish()).rejects.toThrow('is gone');
    expect(calls).toBe(1);
  });

  test('fails when a flush in passing has failed; the turn is given back', async () => {
    const turn = { isTaken: false };
    const { handle } = await openNew();
    const heard: number[] = [];
    const failing = instead(handle, {
      datasync: () => Promise.reject(new Error('the disk is gone')),
    });
    const writer = new FileWriter(failing, {
      flushTurn: turn,
      onFlushed: (bytes) => heard.push(bytes),
    });
    const write = async (): Promise<void> => {
      await writeMebibytes(writer, 68);
      await writer.finish();
    };
    await expect(write()).rejects.toThrow('the disk is gone');
    await expect(writer.flush()).rejects.toThrow('the disk is gone');
    expect({ heard, turn }).toEqual({ heard: [], turn: { isTaken: false } });
  });
});
