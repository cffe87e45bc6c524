import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  baseName,
  compareNames,
  comparePaths,
  joinPath,
  limits,
  parentPath,
  parsePath,
  rootPath,
  type RemotePath,
} from '../src/index.js';
import { codeOf } from './support/errors.js';

const control = /[\0-\x1f\x7f-\x9f\\]/u;

/** A component that obeys the rules, from all of Unicode. */
const component = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .filter((text) => !control.test(text) && !text.includes('/') && text !== '.' && text !== '..');

const components = fc
  .array(component, { minLength: 1, maxLength: 6 })
  .filter(([first = '']) => !first.toLowerCase().startsWith('.e2eeftp'));

const path = components.map((parts) => parsePath(parts.join('/')));

describe('parsePath', () => {
  test.each([
    '',
    'a',
    'received/report.pdf',
    'a/b/c',
    ' ',
    'with blanks / and more ',
    '...',
    '.hidden',
    'a..b/..c/d..',
    '~',
    'C:',
    '-rf',
    '*?"<>|',
    'CON',
    'received/.e2eeftp',
    'received/.e2eeftp-note',
    'e2eeftp',
    '.e2ee',
    '.e2eeft',
    'été',
    '文件/日本語',
    '😀/👩‍💻',
    '\u{10FFFF}',
    '\uFFFD',
    '\uFEFFmark',
    '\u00A0',
    '\u2028',
    '\u202Egnp.exe',
  ])('takes %j as it is', (text) => {
    expect(parsePath(text)).toBe(text);
  });

  test('neither composes nor decomposes characters', () => {
    const composed = 'caf\u00E9';
    const decomposed = 'cafe\u0301';
    expect(parsePath(composed)).toBe(composed);
    expect(parsePath(decomposed)).toBe(decomposed);
    expect(parsePath(composed)).not.toBe(parsePath(decomposed));
    expect(comparePaths(composed, decomposed)).not.toBe(0);
  });

  test.each([
    ['a leading slash', '/a'],
    ['a trailing slash', 'a/'],
    ['a slash alone', '/'],
    ['two slashes', 'a//b'],
    ['a dot', '.'],
    ['a dot first', './a'],
    ['a dot within', 'a/./b'],
    ['a dot last', 'a/.'],
    ['two dots', '..'],
    ['two dots first', '../a'],
    ['two dots within', 'a/../b'],
    ['two dots last', 'a/..'],
    ['many two dots', 'a/../../../../etc/passwd'],
    ['NUL', 'a\0'],
    ['NUL before an ending', 'a.txt\0.pdf'],
    ['a line feed', 'a\nb'],
    ['a carriage return', 'a\r'],
    ['a tab', 'a\tb'],
    ['an escape', '\u001B[2J'],
    ['DEL', 'a\u007F'],
    ['the first of C1', 'a\u0080'],
    ['NEL', 'a\u0085b'],
    ['CSI of C1', '\u009B31m'],
    ['the last of C1', 'a\u009F'],
    ['a backslash', 'a\\b'],
    ['two dots behind a backslash', 'a\\..\\b'],
    ['a high surrogate alone', 'a\uD800'],
    ['a low surrogate alone', '\uDC00a'],
    ['surrogates the wrong way round', '\uDC00\uD800'],
    ['a control character in a later part', 'a/b/c\u0001'],
  ])('refuses %s', (_what, text) => {
    expect(codeOf(() => parsePath(text))).toBe('bad-path');
  });

  test.each([
    '.e2eeftp',
    '.E2EEFTP',
    '.e2EEftp',
    '.e2eeftp2',
    '.e2eeftp.bak',
    '.E2eeFtp/uploads',
    '.e2eeftp/..',
  ])('refuses %s, which is the server’s own', (text) => {
    expect(codeOf(() => parsePath(text))).toBe('bad-path');
  });

  test('refuses every control character wherever it stands, and nothing else below U+0100', () => {
    for (let code = 0; code < 0x100; code++) {
      const character = String.fromCodePoint(code);
      const isRefused = code < 0x20 || (code >= 0x7f && code < 0xa0) || character === '\\';
      for (const text of [`a${character}b`, `x/a${character}b/y`]) {
        expect([code, codeOf(() => parsePath(text))]).toEqual([
          code,
          isRefused ? 'bad-path' : undefined,
        ]);
      }
    }
  });

  test('counts the bytes of a component, not its characters', () => {
    for (const [character, bytes] of [
      ['a', 1],
      ['é', 2],
      ['水', 3],
      ['😀', 4],
    ] as const) {
      const most = Math.floor(limits.pathComponent / bytes);
      const rest = 'b'.repeat(limits.pathComponent - most * bytes);
      const fits = character.repeat(most) + rest;
      expect(Buffer.byteLength(fits)).toBe(255);
      expect(parsePath(fits)).toBe(fits);
      expect(parsePath(`dir/${fits}/${fits}`)).toBe(`dir/${fits}/${fits}`);
      expect(codeOf(() => parsePath(`${fits}b`))).toBe('bad-path');
      expect(codeOf(() => parsePath(`dir/${fits}b/c`))).toBe('bad-path');
    }
  });

  test('counts the bytes of a path', () => {
    const full = Array.from({ length: 12 }, () => 'é'.repeat(127).concat('b')).join('/');
    expect(Buffer.byteLength(full)).toBe(12 * 255 + 11);
    const fits = `${full}/`;
    expect(Buffer.byteLength(fits)).toBe(limits.path);
    expect(codeOf(() => parsePath(fits))).toBe('bad-path');
    const exact = `${full.slice(0, -1)}/b`;
    expect(Buffer.byteLength(exact)).toBe(limits.path);
    expect(parsePath(exact)).toBe(exact);
    expect(codeOf(() => parsePath(`${exact}b`))).toBe('bad-path');
  });

  test('counts the components of a path', () => {
    const fits = Array.from({ length: limits.pathDepth }, () => 'a').join('/');
    expect(parsePath(fits)).toBe(fits);
    expect(codeOf(() => parsePath(`${fits}/a`))).toBe('bad-path');
  });

  test('refuses a megabyte without looking at its parts', () => {
    expect(codeOf(() => parsePath('a/'.repeat(524_288)))).toBe('bad-path');
  });

  test('says which rule is broken without repeating the name', () => {
    const secret = 'very-private-name\u001B';
    expect(() => parsePath(secret)).toThrow(/control character/u);
    expect(() => parsePath(secret)).not.toThrow(/very-private-name/u);
  });

  test('gives a path that it takes again', () => {
    fc.assert(fc.property(path, (parsed) => parsePath(parsed) === parsed));
  });

  test('gives what it was given, or refuses it as a bad path', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc
        .array(fc.constantFrom('.', '..', '', 'a', '\\', '\0', '.e2eeftp', '\uD800'))
        .map((parts) => parts.join('/')),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const code = codeOf(() => parsePath(text));
        if (code !== undefined) return code === 'bad-path';
        const parts = text.split('/');
        const isSafe = parts.every((part) => part !== '' && part !== '.' && part !== '..');
        return parsePath(text) === text && (text === '' || isSafe) && !control.test(text);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('joining and taking apart', () => {
  test('the parent and the base name join to the path', () => {
    fc.assert(
      fc.property(path, (whole) => {
        expect(joinPath(parentPath(whole), baseName(whole))).toBe(whole);
      }),
    );
  });

  test('a name joined to a folder is below it', () => {
    fc.assert(
      fc.property(path, component, (folder, name) => {
        const joined = joinPath(folder, name);
        expect(parentPath(joined)).toBe(folder);
        expect(baseName(joined)).toBe(name);
      }),
    );
  });

  test('joining one by one is joining at once', () => {
    fc.assert(
      fc.property(components, (parts) => {
        let joined: RemotePath = rootPath;
        for (const part of parts) joined = joinPath(joined, part);
        expect(joined).toBe(joinPath(rootPath, parts.join('/')));
      }),
    );
  });

  test('parents end at the root', () => {
    fc.assert(
      fc.property(components, (parts) => {
        const folder = parts.reduce(parentPath, parsePath(parts.join('/')));
        expect(folder).toBe(rootPath);
      }),
    );
    expect(parentPath(rootPath)).toBe(rootPath);
    expect(baseName(rootPath)).toBe('');
  });

  test('joining nothing changes nothing', () => {
    expect(joinPath(rootPath, '')).toBe('');
    expect(joinPath(parsePath('a/b'), '')).toBe('a/b');
  });

  test.each(['..', '.', '../b', '/b', 'b/', 'b\\c', '\0', 'b//c'])(
    '%j joins to nothing',
    (name) => {
      expect(codeOf(() => joinPath(parsePath('a'), name))).toBe('bad-path');
      expect(codeOf(() => joinPath(rootPath, name))).toBe('bad-path');
    },
  );

  test('the limits hold for the whole that is joined', () => {
    const deep = parsePath(Array.from({ length: 32 }, () => 'a').join('/'));
    expect(codeOf(() => joinPath(deep, 'a'))).toBe('bad-path');
    const long = parsePath(Array.from({ length: 11 }, () => 'a'.repeat(255)).join('/'));
    expect(joinPath(long, 'a'.repeat(255))).toHaveLength(3071);
    expect(codeOf(() => joinPath(long, `${'a'.repeat(254)}/bb`))).toBe('bad-path');
    expect(codeOf(() => joinPath(rootPath, '.E2EEFTP'))).toBe('bad-path');
    expect(joinPath(parsePath('a'), '.e2eeftp')).toBe('a/.e2eeftp');
  });
});

describe('order', () => {
  // Names that differ late, at the borders where UTF-16 and UTF-8 disagree.
  const border = fc.constantFrom(
    '',
    'a',
    'b',
    'z',
    '~',
    'é',
    '\u07FF',
    '\u0800',
    '\uD7FF',
    '\uE000',
    '\uFFFD',
    '\uFFFF',
    '\u{10000}',
    '\u{10001}',
    '\u{103FF}',
    '\u{10400}',
    '\u{1F600}',
    '\u{1F601}',
    '\u{10FFFF}',
  );
  const name = fc.oneof(
    fc.array(border, { maxLength: 4 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  const anyPath = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

  function byBytes(a: string, b: string): number {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }

  function byComponents(a: string, b: string): number {
    const left = a.split('/');
    const right = b.split('/');
    const at = left.findIndex((part, index) => part !== right[index]);
    if (at === -1) return left.length - right.length;
    const [mine, other] = [left[at] as string, right[at]];
    return other === undefined ? 1 : byBytes(mine, other);
  }

  test('names are ordered by the bytes of their UTF-8', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareNames(a, b))).toBe(Math.sign(byBytes(a, b)));
      }),
      { numRuns: 2000 },
    );
  });

  test('an astral character comes behind U+FFFF, which UTF-16 puts last', () => {
    expect(compareNames('\uFFFF', '\u{10000}')).toBeLessThan(0);
    expect(compareNames('\uE000', '\u{1F600}')).toBeLessThan(0);
    expect(compareNames('\u{1F600}', '\uFFFF')).toBeGreaterThan(0);
    expect(compareNames('\uD7FF', '\u{10000}')).toBeLessThan(0);
    expect(compareNames('\uD7FF', '\uE000')).toBeLessThan(0);
    expect(compareNames('a\u{10FFFF}', 'a\uFFFFz')).toBeGreaterThan(0);
  });

  test('paths are ordered component by component', () => {
    fc.assert(
      fc.property(anyPath, anyPath, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Math.sign(byComponents(a, b)));
      }),
      { numRuns: 2000 },
    );
  });

  test('the order is total', () => {
    fc.assert(
      fc.property(anyPath, anyPath, anyPath, (a, b, c) => {
        expect(comparePaths(a, a)).toBe(0);
        expect(Math.sign(comparePaths(a, b))).toBe(0 - Math.sign(comparePaths(b, a)));
        expect(comparePaths(a, b) === 0).toBe(a === b);
        if (comparePaths(a, b) <= 0 && comparePaths(b, c) <= 0) {
          expect(comparePaths(a, c)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('what is in a folder follows the folder, before a name that its own begins', () => {
    const sorted = ['', 'a', 'a/b', 'a/b/c', 'a/c', 'a b', 'a-b', 'a.txt', 'a0', 'b'];
    expect([...sorted].reverse().sort(comparePaths)).toEqual(sorted);
    expect([...sorted].sort(byBytes)).not.toEqual(sorted);
  });
});
