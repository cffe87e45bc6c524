import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { readChunks } from '../src/index.js';
import { makeFile, makeFolder } from './folder.js';

const chunkSize = 1024 * 1024;

/** Bytes that tell where they are from. */
function patterned(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

/** All bytes of a range, copied, since chunks are valid only until the next. */
async function readAll(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readChunks(handle, offset, length)) chunks.push(Buffer.from(chunk));
  for (const chunk of chunks.slice(0, -1)) expect(chunk.length).toBe(chunkSize);
  expect(chunks.every(({ length: bytes }) => bytes > 0)).toBe(true);
  return Buffer.concat(chunks);
}

describe('readChunks', () => {
  const content = patterned(3 * chunkSize + 17);

  test('gives what is in any range, also beyond the end', async () => {
    const handle = await open(await makeFile(content));
    const nearBoundary = fc
      .tuple(fc.nat({ max: 4 }), fc.integer({ min: -2, max: 2 }))
      .map(([chunks, off]) => Math.max(0, chunks * chunkSize + off));
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(nearBoundary, fc.nat({ max: content.length + 10 })),
          fc.oneof(nearBoundary, fc.nat({ max: content.length + 10 })),
          async (offset, length) => {
            const read = await readAll(handle, offset, length);
            expect(content.subarray(offset, offset + length).equals(read)).toBe(true);
          },
        ),
        { numRuns: 60 },
      );
    } finally {
      await handle.close();
    }
  });

  test.each([0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize - 1, 2 * chunkSize])(
    'ends with a file of %i bytes that is shorter than asked for',
    async (size) => {
      const handle = await open(await makeFile(content.subarray(0, size)));
      const read = await readAll(handle, 0, 10 * chunkSize);
      expect(content.subarray(0, size).equals(read)).toBe(true);
      await handle.close();
    },
  );

  test.each([0, -1])('gives nothing for a length of %i', async (length) => {
    const handle = await open(await makeFile(content));
    expect((await readAll(handle, 0, length)).length).toBe(0);
    await handle.close();
  });

  test('leaves each chunk alone while it is used', async () => {
    const handle = await open(await makeFile(content));
    let position = 0;
    for await (const chunk of readChunks(handle, 0, content.length)) {
      // Long enough for the read ahead to be done.
      await handle.stat();
      await handle.stat();
      const expected = content.subarray(position, position + chunk.length);
      expect(expected.equals(chunk)).toBe(true);
      position += chunk.length;
    }
    expect(position).toBe(content.length);
    await handle.close();
  });

  test('uses the handle no more once the iteration has ended early', async () => {
    const path = await makeFile(content);
    for (let round = 0; round < 20; round++) {
      const handle = await open(path);
      for await (const chunk of readChunks(handle, 0, content.length)) {
        expect(chunk.length).toBe(chunkSize);
        break;
      }
      await handle.close();
    }
  });

  test('throws what the system says', async () => {
    const folder = await open(await makeFolder());
    await expect(readAll(folder, 0, 10)).rejects.toMatchObject({ code: 'EISDIR' });
    await folder.close();
    const writable = await open(join(await makeFolder(), 'a'), 'w');
    await expect(readAll(writable, 0, 3 * chunkSize)).rejects.toMatchObject({ code: 'EBADF' });
    await writable.close();
  });

  test('throws when a later read fails, behind the chunks ahead of it', async () => {
    const handle = await open(await makeFile(content));
    const chunks = readChunks(handle, 0, content.length);
    const first = await chunks.next();
    expect(first.value?.length).toBe(chunkSize);
    await handle.close();
    // The chunk that was read ahead may still come; the one behind it cannot.
    const rest = (async () => {
      for await (const chunk of chunks) expect(chunk.length).toBe(chunkSize);
    })();
    await expect(rest).rejects.toMatchObject({ code: 'EBADF' });
  });
});
