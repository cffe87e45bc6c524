import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseDuration, parseSize } from '../../src/settings/quantity.js';

describe('durations', () => {
  test.each([
    ['30', 30_000],
    ['30s', 30_000],
    ['0', 0],
    ['500ms', 500],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
    ['0.5m', 30_000],
  ])('%s is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    '',
    ' ',
    '-1',
    '+1',
    '1e3',
    '0x10',
    '5M',
    '5 m',
    'm',
    '1h30m',
    '5min',
    '１',
    '1.',
    '.5',
    '1.2345s',
    '1234567890123',
    '5s\n',
    'NaN',
    'Infinity',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

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
      for (const value of [parseDuration(text), parseSize(text)]) {
        expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
      }
    }),
  );
});
