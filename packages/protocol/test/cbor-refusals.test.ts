import { describe, expect, test } from '@jest/globals';

import { decodeCbor, encodeCbor } from '../src/index.js';
import { fromHex, toHex } from './support/bytes.js';
import { causeOf, codeOf } from './support/errors.js';

const refused: readonly (readonly [reason: string, hex: string])[] = [
  ['nothing at all', ''],

  ['indefinite bytes', '5f4101ff'],
  ['indefinite text', '7f6161ff'],
  ['indefinite list', '9f01ff'],
  ['indefinite list, empty', '9fff'],
  ['indefinite map', 'bf616101ff'],
  ['indefinite list within', '819f01ff'],
  ['break without a beginning', 'ff'],
  ['break within a list', '8201ff'],
  ['break as a value', 'a16161ff'],
  ['break as a key', 'a1ff01'],

  ['integer in two bytes that fits into one', '1817'],
  ['integer in three bytes that fits into two', '1900ff'],
  ['integer in five bytes that fits into three', '1a0000ffff'],
  ['integer in nine bytes that fits into five', '1b00000000ffffffff'],
  ['zero in nine bytes', '1b0000000000000000'],
  ['negative integer in two bytes that fits into one', '3817'],
  ['negative integer in nine bytes that fits into five', '3b00000000ffffffff'],
  ['length of bytes in two bytes', '580101'],
  ['length of bytes in three bytes', '59000101'],
  ['length of text in two bytes', '780161'],
  ['length of text in nine bytes', '7b000000000000000161'],
  ['length of a list in two bytes', '980101'],
  ['length of a map in two bytes', 'b801616101'],
  ['length of a key in two bytes', 'a178016101'],

  ['keys out of order', 'a2616201616101'],
  ['a longer key before a shorter one', 'a262616101616201'],
  ['keys out of order within', '81a2616201616101'],
  ['a key twice', 'a2616101616101'],
  ['a key twice with other values', 'a2616101616102'],
  ['an empty key twice', 'a2600160f6'],

  ['a tag', 'c001'],
  ['a date', 'c074323031332d30332d32315432303a30343a30305a'],
  ['a bignum', 'c249010000000000000000'],
  ['a tag within', '81d81801'],
  ['a self-description', 'd9d9f700'],

  ['half-precision 1.0', 'f93c00'],
  ['half-precision 1.5', 'f93e00'],
  ['half-precision 0.0', 'f90000'],
  ['half-precision -0.0', 'f98000'],
  ['half-precision NaN', 'f97e00'],
  ['half-precision infinity', 'f97c00'],
  ['single-precision 100000.0', 'fa47c35000'],
  ['single-precision -0.0', 'fa80000000'],
  ['single-precision NaN', 'fa7fc00000'],
  ['double-precision 1.0', 'fb3ff0000000000000'],
  ['double-precision 1.1', 'fb3ff199999999999a'],
  ['double-precision -0.0', 'fb8000000000000000'],
  ['double-precision NaN', 'fb7ff8000000000000'],
  ['double-precision NaN with another payload', 'fb7ff8000000000001'],
  ['a float within', 'a16161f93c00'],

  ['2^53', '1b0020000000000000'],
  ['2^64 - 1', '1bffffffffffffffff'],
  ['-2^53', '3b001fffffffffffff'],
  ['-2^64', '3bffffffffffffffff'],
  ['2^53 within', '811b0020000000000000'],

  ['undefined', 'f7'],
  ['undefined in a list', '81f7'],
  ['undefined in a map', 'a16161f7'],
  ['a simple value', 'e0'],
  ['a simple value of one byte', 'f8ff'],
  ['false in two bytes', 'f814'],
  ['a simple value within', '81f0'],
  ['reserved additional information 28', '1c'],
  ['reserved additional information 29', '5d'],
  ['reserved additional information 30', '9e'],
  ['an integer without a length', '1f'],
  ['a tag without a length', 'df'],

  ['text that is a lone continuation byte', '6180'],
  ['text cut within a character', '61c3'],
  ['text of an overlong slash', '62c0af'],
  ['text of an overlong NUL in three bytes', '63e08080'],
  ['text of a surrogate', '63eda080'],
  ['text beyond U+10FFFF', '64f4908080'],
  ['text of five bytes a character', '65f888808080'],
  ['text with FE', '61fe'],
  ['text of many bytes with one that is not valid', `7828${'61'.repeat(39)}80`],
  ['a key that is not valid UTF-8', 'a161ff01'],
  ['an overlong key', 'a162c1a101'],

  ['a byte behind', '0000'],
  ['a whole item behind', 'a0a0'],
  ['a break behind', '00ff'],

  ['bytes cut off', '4201'],
  ['text cut off', '6261'],
  ['a list cut off', '8201'],
  ['a map without its value', 'a16161'],
  ['a map without its second pair', 'a2616101'],
  ['a length cut off', '59ff'],
  ['a float cut off', 'f93c'],

  ['an integer as key', 'a10101'],
  ['bytes as key', 'a1416101'],
  ['null as key', 'a1f601'],
  ['false as key', 'a1f401'],
  ['a list as key', 'a1810101'],
  ['a map as key', 'a1a00a'],

  ['the key __proto__', 'a1695f5f70726f746f5f5f01'],
  ['the key __proto__ with a map', 'a1695f5f70726f746f5f5fa1616101'],
  ['the key __proto__ within', '81a1695f5f70726f746f5f5ff6'],
  ['the key __proto__ twice', 'a2695f5f70726f746f5f5fa0695f5f70726f746f5f5fa0'],

  ['nine lists', '81'.repeat(9).concat('01')],
  ['nine lists, the last empty', '81'.repeat(8).concat('80')],
  ['nine maps', 'a16161'.repeat(9).concat('01')],
  ['nine lists behind a sibling', '8200'.repeat(9).concat('01')],
  ['nine lists in a value of a map', 'a16161'.concat('81'.repeat(8), '01')],

  ['2^64 - 1 bytes', '5bffffffffffffffff'],
  ['2^53 - 1 bytes', '5b001fffffffffffff'],
  ['2^32 - 1 bytes', '5affffffff00'],
  ['2^64 - 1 bytes of text', '7bffffffffffffffff'],
  ['2^53 - 1 bytes of text', '7b001fffffffffffff61'],
  ['a list of 2^64 - 1 items', '9bffffffffffffffff'],
  ['a list of 2^53 - 1 items', '9b001fffffffffffff0000'],
  ['a list of 2^32 - 1 items', '9affffffff'],
  ['a map of 2^64 - 1 pairs', 'bbffffffffffffffff'],
  ['a map of 2^53 - 1 pairs', 'bb001fffffffffffff616100'],
  ['a map of 2^52 pairs', 'bb0010000000000000'],
];

test('there are refused encodings, each with a reason of its own', () => {
  expect(refused.length).toBeGreaterThan(90);
  expect(new Set(refused.map(([reason]) => reason)).size).toBe(refused.length);
  expect(new Set(refused.map(([, hex]) => hex)).size).toBe(refused.length);
});

describe('refused', () => {
  test.each(refused)('%s: %s', (_reason, hex) => {
    expect(codeOf(() => decodeCbor(fromHex(hex)))).toBe('malformed');
  });
});

describe('hostile size', () => {
  test.each([
    ['lists', '81', 1_048_576],
    ['lists of two', '8200', 524_288],
    ['maps', 'a16161', 349_525],
    ['tags', 'c0', 1_048_576],
    ['indefinite lists', '9f', 1_048_576],
    ['indefinite maps', 'bf', 1_048_576],
    ['lists of 2^32 - 1 items', '9affffffff', 209_715],
  ])(
    'a megabyte of nested %s is refused at once, not when the stack is full',
    (_what, unit, count) => {
      const bytes = fromHex(unit.repeat(count));
      expect(codeOf(() => decodeCbor(bytes))).toBe('malformed');
      expect(causeOf(() => decodeCbor(bytes))).not.toBeInstanceOf(RangeError);
    },
  );

  test.each([
    '5b001fffffffffffff',
    '7b001fffffffffffff',
    '9b001fffffffffffff',
    'bb001fffffffffffff',
  ])('the announcement %s takes no memory', (hex) => {
    const bytes = fromHex(hex);
    const before = process.memoryUsage();
    for (let round = 0; round < 200; round++) {
      expect(codeOf(() => decodeCbor(bytes))).toBe('malformed');
    }
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 24);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(2 ** 26);
  });

  test('a message of a megabyte that is wide instead of deep decodes', () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => `name ${index}`);
    expect(decodeCbor(encodeCbor(wide))).toEqual(wide);
  });
});

test('eight levels are accepted, with siblings behind and between them', () => {
  for (const hex of [
    '81'.repeat(8).concat('01'),
    '81'.repeat(7).concat('80'),
    '8200'.repeat(8).concat('01'),
    'a16161'.repeat(8).concat('01'),
    `83${'81'.repeat(7)}01${'81'.repeat(7)}01${'81'.repeat(6)}80`,
  ]) {
    expect(toHex(encodeCbor(decodeCbor(fromHex(hex))))).toBe(hex);
  }
});

test('no refused message changed what all objects inherit from', () => {
  for (const [, hex] of refused) codeOf(() => decodeCbor(fromHex(hex)));
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect('a' in {}).toBe(false);
});
