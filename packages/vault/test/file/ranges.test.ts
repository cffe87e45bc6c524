import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FileHeadReader, RangeOpener, type FileHead } from '../../src/index.js';
import { backends } from '../support/backends.js';
import { contentOf, cutAt, flipBit, joined, sha256 } from '../support/bytes.js';
import { expectCode } from '../support/errors.js';
import {
  chunk,
  entry,
  payloadStart,
  seal,
  sealedChunk,
  fixedOpeningAccess,
} from '../support/files.js';

const content = contentOf('ranges', 3 * chunk + 1000);

describe.each(backends)('%s', (_name, backend) => {
  const stored = seal(backend, content);
  const start = payloadStart(stored, content.length);

  function headOf(bytes: Uint8Array, storedSize = bytes.length): FileHead {
    const reader = new FileHeadReader(fixedOpeningAccess(backend), { entry, storedSize });
    reader.receive(bytes);
    return reader.finish();
  }

  function openRange(bytes: Uint8Array, range: RangeOpener, cuts: readonly number[]): Uint8Array {
    const end = range.storedOffset + range.storedLength;
    const parts: Uint8Array[] = [];
    for (const piece of cutAt(bytes.subarray(range.storedOffset, end), cuts)) {
      for (const part of range.receive(piece)) parts.push(part);
    }
    range.finish();
    return joined(parts);
  }

  const head = headOf(stored);

  test('any range is what the content holds there, from no more than its chunks', () => {
    const offset = fc.oneof(
      fc.nat({ max: content.length }),
      fc.constantFrom(0, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk, content.length),
    );
    fc.assert(
      fc.property(
        offset,
        offset,
        fc.array(fc.nat({ max: content.length }), { maxLength: 4 }),
        (one, other, cuts) => {
          const [from, to] = [Math.min(one, other), Math.max(one, other)];
          const range = new RangeOpener(head, from, to - from);
          expect(range.storedOffset).toBe(start + Math.floor(from / chunk) * sealedChunk);
          const chunks = from === to ? 0 : Math.ceil(to / chunk) - Math.floor(from / chunk);
          expect(range.storedLength).toBeLessThanOrEqual(chunks * sealedChunk);
          expect(range.storedOffset + range.storedLength).toBeLessThanOrEqual(stored.length);
          const opened = openRange(stored, range, cuts);
          expect(sha256(opened)).toBe(sha256(content.subarray(from, to)));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a range across a border takes both chunks', () => {
    const range = new RangeOpener(head, chunk - 1, 2);
    expect(range.storedOffset).toBe(start);
    expect(range.storedLength).toBe(2 * sealedChunk);
    expect(sha256(openRange(stored, range, []))).toBe(
      sha256(content.subarray(chunk - 1, chunk + 1)),
    );
  });

  test('a range of nothing takes nothing', () => {
    for (const offset of [0, 5, chunk, content.length]) {
      const range = new RangeOpener(head, offset, 0);
      expect(range.storedLength).toBe(0);
      expect(openRange(stored, range, []).length).toBe(0);
    }
  });

  test('refuses ranges that are not within the content', () => {
    for (const [offset, length] of [
      [-1, 1],
      [0, content.length + 1],
      [content.length, 1],
      [content.length + 1, 0],
      [0.5, 1],
      [0, -1],
      [Number.NaN, 1],
      [1, Infinity],
    ] as const) {
      expectCode('misuse', () => new RangeOpener(head, offset, length));
    }
  });

  test('refuses altered chunks, moved ones, and less or more than it asked for', () => {
    const altered = flipBit(stored, 8 * (start + sealedChunk + 5));
    const range = (): RangeOpener => new RangeOpener(head, chunk, 10);
    expectCode('chunk-altered', () => openRange(altered, range(), []));
    expect(openRange(altered, new RangeOpener(head, 0, chunk), []).length).toBe(chunk);
    const moved = joined([
      stored.subarray(0, start + sealedChunk),
      stored.subarray(start, start + sealedChunk),
    ]);
    expectCode('chunk-altered', () => openRange(moved, range(), []));
    expectCode('truncated', () =>
      openRange(stored.subarray(0, range().storedOffset + 99), range(), []),
    );
    const more = range();
    openRange(stored, more, []);
    expectCode('extended', () => [...more.receive(Uint8Array.of(1))]);
  });

  test('a lie about the length comes out with the last chunk', () => {
    const cut = headOf(stored, start + 2 * sealedChunk);
    expect(cut.contentSize).toBe(2 * chunk - 64);
    expect(openRange(stored, new RangeOpener(cut, 0, chunk), []).length).toBe(chunk);
    expectCode('truncated', () => openRange(stored, new RangeOpener(cut, 2 * chunk - 100, 36), []));
  });
});
