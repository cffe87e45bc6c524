import { expect, test } from '@jest/globals';

import { requireDistinctLocally, VaultError } from '../../src/index.js';
import { codeOf } from '../support/errors.js';

test.each([
  ['Report.pdf', 'report.PDF'],
  ['\u00E9', 'e\u0301'],
  ['\u00C9', 'e\u0301'],
  ['\u212Belvin', '\u00E5elvin'],
  ['\u03A3', '\u03C2'],
  ['\u212A', 'k'],
])('%s and %s are one name on some file systems', (one, other) => {
  expect(codeOf(() => requireDistinctLocally(['x', one, 'y', other]))).toBe('name-collision');
});

test('names that stay apart are let through', () => {
  const names = ['a', 'b', 'ß', 'ss', 'a.txt', 'a .txt'];
  expect(codeOf(() => requireDistinctLocally(names))).toBe(undefined);
  expect(codeOf(() => requireDistinctLocally([]))).toBe(undefined);
});

test('the message names both, and moves no cursor', () => {
  const names = ['\u001B[2JA', '\u001B[2Ja'];
  try {
    requireDistinctLocally(names);
    throw new Error('must not get here');
  } catch (error) {
    expect(error).toBeInstanceOf(VaultError);
    expect((error as VaultError).message).toMatch(/"\uFFFD\[2JA" and "\uFFFD\[2Ja"/u);
  }
});
