import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseV1Length } from '../../src/index.js';
import { codeOf } from '../support/errors.js';

test.each([
  ['0', 0],
  ['1', 1],
  ['64', 64],
  ['100064', 100_064],
  ['007', 7],
  ['0000000000000000', 0],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
])('%s is a length', (text, length) => {
  expect(parseV1Length(text)).toBe(length);
});

test.each([
  '',
  ' ',
  '-1',
  '-0',
  '+5',
  ' 5',
  '5 ',
  '\t5',
  '5\n',
  '5\r',
  '5\n6',
  '1_000',
  '1,000',
  '1.000',
  '1.0',
  '5.',
  '.5',
  '1e3',
  '1E3',
  '0x10',
  '0b1',
  '0o7',
  '10n',
  '５',
  '٥',
  '५',
  '²',
  '५5',
  '\uFEFF5',
  '5\0',
  'five',
  'NaN',
  'Infinity',
  'null',
  '9007199254740992',
  '9007199254740993',
  '9999999999999999',
  '10000000000000000',
  '00000000000000001',
  '18446744073709551616',
  '9'.repeat(8000),
])('%j is none', (text) => {
  expect(codeOf(() => parseV1Length(text))).toBe('malformed');
});

test('whatever a writer makes of a number is that number', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (length) => parseV1Length(String(length)) === length));
});

test('nothing but digits is a length', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc
      .array(fc.constantFrom('1', '0', '-', '+', '_', '.', 'e', ' ', '５'), { maxLength: 5 })
      .map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      const isDigits =
        candidate !== '' && Array.from(candidate).every((digit) => '0123456789'.includes(digit));
      expect(codeOf(() => parseV1Length(candidate))).toBe(isDigits ? undefined : 'malformed');
    }),
    { numRuns: 1000 },
  );
});
