import { describe, expect, test } from '@jest/globals';

import { combineExitCodes, exitCodes } from '../src/exit-code.js';
import { toJsonLine } from '../src/json.js';
import { formatDuration, formatSize, formatTime } from '../src/quantities.js';

describe('JSON', () => {
  test('is one line of harmless ASCII that says the same', () => {
    let text = '\u{E0041}\u{10FFFF}';
    for (let code = 0; code < 0x3000; code++) text += String.fromCharCode(code);
    const line = toJsonLine({ text });

    expect(line).not.toMatch(
      /[\u0000-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\u{E0041}]/u,
    );
    expect(JSON.parse(line)).toEqual({ text });
  });

  test('says lone surrogates, too', () => {
    expect(JSON.parse(toJsonLine({ text: 'a\uD800b' }))).toEqual({ text: 'a\uD800b' });
  });
});

describe('quantities', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9951, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1e15, '1.0 PB'],
    [Number.MAX_SAFE_INTEGER, '9.0 PB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test.each([
    [0, '0.0 s'],
    [9900, '9.9 s'],
    [59_400, '59 s'],
    [59_600, '1 min 00 s'],
    [3_599_400, '59 min 59 s'],
    [3_600_000, '1 h 00 min'],
    [90_000_000, '25 h 00 min'],
  ])('%d ms are %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test('times that are none have their width', () => {
    expect(formatTime(Number.MAX_SAFE_INTEGER)).toHaveLength(formatTime(0).length);
  });
});

test('exit codes have one in common, or say that something failed', () => {
  const { done, failed, notFound, conflict } = exitCodes;
  expect(combineExitCodes([])).toBe(done);
  expect(combineExitCodes([done, notFound, notFound])).toBe(notFound);
  expect(combineExitCodes([notFound, conflict])).toBe(failed);
});
