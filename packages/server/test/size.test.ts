import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { formatSize, parseSize } from '../src/index.js';

describe('sizes', () => {
  test.each([
    ['0', 0],
    ['1024', 1024],
    ['1024B', 1024],
    ['20GB', 20e9],
    ['20gb', 20e9],
    ['20G', 20e9],
    ['512MiB', 512 * 2 ** 20],
    ['512Mi', 512 * 2 ** 20],
    ['1.5kB', 1500],
    ['7PiB', 7 * 2 ** 50],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', '-1', '1e3', '20 GB', 'GB', '1iB', '1Bi', '9PiB', '9007199254740993PB', '1,5GB'])(
    '%j is none',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});

test('whatever is written, the answer is none, or a whole number that is not below zero', () => {
  const almost = fc.stringMatching(/^[0-9.]{0,16}(?:[a-zA-Z]{0,3})$/u);
  fc.assert(
    fc.property(fc.oneof(fc.string(), almost), (text) => {
      const value = parseSize(text);
      expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
    }),
  );
});

test.each([
  [0, '0B'],
  [20e9, '20GB'],
  [512 * 2 ** 20, '512MiB'],
  [1024, '1KiB'],
  [1500, '1500B'],
])('%d bytes are written as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test('what is written is read as the same size', () => {
  const round = fc
    .tuple(fc.nat(1023), fc.constantFrom(1000, 1024), fc.nat(4))
    .map(([count, base, power]) => count * base ** power);
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), round), (bytes) => {
      expect(parseSize(formatSize(bytes))).toBe(bytes);
    }),
  );
});
