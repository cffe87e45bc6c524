import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { vaultSizes, type FileMetadata } from '../../src/index.js';
import { decodeMetadata, encodeMetadata } from '../../src/file/metadata.js';
import { hex } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';

const id = (value: number): Uint8Array => new Uint8Array(12).fill(value);
const plain: FileMetadata = {
  mtime: 1_790_000_000_000,
  mode: 0o644,
  sender: new Uint8Array(32).fill(1),
  replaces: [],
};

const arbitraryMetadata: fc.Arbitrary<FileMetadata> = fc.record({
  mtime: fc.nat({ max: 8.64e15 }),
  mode: fc.nat({ max: 0o7777 }),
  sender: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  replaces: fc
    .uniqueArray(fc.integer({ min: 1, max: 255 }), { maxLength: 4 })
    .map((values) => values.map(id)),
});

test('what is encoded decodes to the same, and to 92 bytes', () => {
  fc.assert(
    fc.property(arbitraryMetadata, (metadata) => {
      const bytes = encodeMetadata(metadata);
      expect(bytes.length).toBe(92);
      expect(decodeMetadata(bytes)).toEqual(metadata);
    }),
  );
});

test('what decodes at all encodes to the same bytes', () => {
  const slots = fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 4, maxLength: 4 });
  const head = fc.record({ high: fc.constantFrom(0, 0, 1, 255), mode: fc.constantFrom(0, 1, 16) });
  let decoded = 0;
  fc.assert(
    fc.property(head, slots, ({ high, mode }, values) => {
      const bytes = new Uint8Array(vaultSizes.metadata);
      bytes[0] = high;
      bytes[10] = mode;
      for (const [index, value] of values.entries())
        bytes.fill(value, 44 + index * 12, 56 + index * 12);
      if (errorOf(() => decodeMetadata(bytes))) return;
      decoded++;
      expect(hex(encodeMetadata(decodeMetadata(bytes)))).toBe(hex(bytes));
    }),
    { numRuns: 500 },
  );
  expect(decoded).toBeGreaterThan(0);
});

test.each<[string, Partial<FileMetadata>]>([
  ['a time before 1970', { mtime: -1 }],
  ['a part of a millisecond', { mtime: 0.5 }],
  ['a time that no Date holds', { mtime: 8.64e15 + 1 }],
  ['no time', { mtime: Number.NaN }],
  ['a negative mode', { mode: -1 }],
  ['a mode with the type of a file', { mode: 0o100_644 }],
  ['a mode that is no whole number', { mode: 1.5 }],
  ['a short sender', { sender: new Uint8Array(31) }],
  ['a long sender', { sender: new Uint8Array(33) }],
  ['five replaced entries', { replaces: [1, 2, 3, 4, 5].map(id) }],
  ['a replaced entry of zeros', { replaces: [id(0)] }],
  ['a replaced entry of another length', { replaces: [new Uint8Array(11).fill(1)] }],
  ['an entry replaced twice', { replaces: [id(1), id(2), id(1)] }],
])('refuses to write %s', (_what, changes) => {
  expectCode('misuse', () => encodeMetadata({ ...plain, ...changes }));
});

test('refuses to read a gap, a repetition, a time and a mode that nobody may write', () => {
  const bytes = encodeMetadata({ ...plain, replaces: [id(1), id(2)] });
  const altered = (change: (copy: Uint8Array) => void): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    change(copy);
    return copy;
  };
  expect(decodeMetadata(bytes).replaces.map((one) => hex(one))).toEqual([hex(id(1)), hex(id(2))]);
  for (const wrong of [
    altered((copy) => copy.fill(0, 44, 56)),
    altered((copy) => copy.fill(1, 56, 68)),
    altered((copy) => copy.fill(9, 80, 92).fill(0, 56, 68)),
    altered((copy) => copy.fill(0xff, 0, 8)),
    altered((copy) => copy.fill(0xff, 8, 12)),
  ]) {
    expectCode('metadata-invalid', () => decodeMetadata(wrong));
  }
});
