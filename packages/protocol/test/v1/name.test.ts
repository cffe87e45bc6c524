import { expect, describe, test } from '@jest/globals';
import fc from 'fast-check';

import { baseName, parentPath, parsePath, v1Folder, v1Path } from '../../src/index.js';
import { codeOf } from '../support/errors.js';

test.each([
  'a',
  'report.pdf',
  'with blanks and more ',
  ' ',
  '...',
  '..a',
  'a..',
  '.hidden',
  '-rf',
  '~',
  '~root',
  'C:',
  'CON',
  '*?"<>',
  '%2e%2e',
  '%2F',
  '.e2eeftp',
  '.E2EEFTP-note',
  '.e2eeftp.bak',
  'received',
  'vaults',
  'server_id.key',
  'été',
  '日本語',
  '👩‍💻',
  '\uFEFFmark',
  '\u202Egnp.exe',
  '／etc／passwd',
  '․․',
])('%j is a file directly in the folder', (name) => {
  const path = v1Path(name);
  expect(path).toBe(`received/${name}`);
  expect(parentPath(path)).toBe(v1Folder);
  expect(baseName(path)).toBe(name);
});

describe('refused is', () => {
  test.each([
    '',
    '.',
    '..',
    '/',
    '//',
    './a',
    'a/.',
    'a/',
    '/a',
    'a/b',
    'a//b',
    '../a',
    '../',
    '/..',
    '../..',
    '../../etc/passwd',
    '../server_id.key',
    '../authorized_clients.pub',
    '../received/a',
    '../received2/a',
    '../vaults/a',
    'a/../../b',
    'a/../b',
    '/etc/passwd',
    'received/a',
    'vaults/a',
    '..\\a',
    '..\\..\\a',
    'a\\b',
    '\\',
    '\\\\server\\share',
    'C:\\a',
    'C:/a',
    '..\0',
    '\0',
    'a\0',
    'a\0.pdf',
    '..\0/a',
    'a\nb',
    'a\r',
    '\r',
    'a\tb',
    '\u001B[2J',
    'a\u007F',
    'a\u0085',
    'a\u009B31m',
    'a\uD800',
    '\uDC00a',
    'file:///etc/passwd',
    '....//....//a',
    '..%2f..%2fa/..',
  ])('%j', (name) => {
    expect(codeOf(() => v1Path(name))).toBe('bad-path');
  });

  test('a name of more than 255 bytes', () => {
    for (const [character, bytes] of [
      ['a', 1],
      ['é', 2],
      ['水', 3],
      ['😀', 4],
    ] as const) {
      const most = Math.floor(255 / bytes);
      const fits = character.repeat(most) + 'b'.repeat(255 - most * bytes);
      expect(Buffer.byteLength(fits)).toBe(255);
      expect(baseName(v1Path(fits))).toBe(fits);
      expect(codeOf(() => v1Path(`${fits}b`))).toBe('bad-path');
    }
    expect(codeOf(() => v1Path('a'.repeat(8000)))).toBe('bad-path');
  });
});

test('a name leads to itself in the folder, or is refused', () => {
  const part = fc.constantFrom(
    '.',
    '..',
    '',
    'a',
    '/',
    '\\',
    '\0',
    '\n',
    '.e2eeftp',
    '\uD800',
    ' ',
    'é',
  );
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string(),
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(hostile, (name) => {
      const code = codeOf(() => v1Path(name));
      if (code !== undefined) {
        expect(code).toBe('bad-path');
        return;
      }
      const path = v1Path(name);
      expect(parsePath(path)).toBe(path);
      expect([parentPath(path), baseName(path)]).toEqual(['received', name]);
      expect(['', '.', '..']).not.toContain(name);
      expect(name).not.toMatch(/[/\\\0-\x1f\x7f-\x9f]/u);
    }),
    { numRuns: 2000 },
  );
});
