import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseDuration } from '../../src/settings/quantity.js';

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

test('whatever is written, the answer is none, or a whole number that is not below zero', () => {
  const almost = fc.stringMatching(/^[0-9.]{0,16}(?:[a-zA-Z]{0,3})$/u);
  fc.assert(
    fc.property(fc.oneof(fc.string(), almost), (text) => {
      const value = parseDuration(text);
      expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
    }),
  );
});
