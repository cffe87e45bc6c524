import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { TreeFilter, type FilterOptions } from '../../src/tree/tree-filter.js';

/** Which of some paths are meant; those that end in `/` are folders. */
function meant(options: FilterOptions, paths: readonly string[]): string[] {
  const filter = new TreeFilter(options);
  return paths.filter((path) => filter.takes(path.replace(/\/$/u, ''), path.endsWith('/')));
}

const paths = [
  '.git/',
  '.git/config',
  'a.tmp',
  'a.txt',
  'build/',
  'build/a.txt',
  'build/deep/',
  'build/deep/b.tmp',
  'src/',
  'src/.hidden.txt',
  'src/build/',
  'src/build/x.js',
  'src/main.c',
];

describe('patterns', () => {
  test.each<[FilterOptions, readonly string[]]>([
    [{}, paths],
    [{ exclude: ['*.tmp'] }, paths.filter((path) => !path.endsWith('.tmp'))],
    [{ exclude: ['build'] }, paths.filter((path) => !path.includes('build'))],
    [{ exclude: ['/build'] }, paths.filter((path) => !path.startsWith('build'))],
    [{ exclude: ['./build/'] }, paths.filter((path) => !path.startsWith('build'))],
    [{ exclude: ['src/build'] }, paths.filter((path) => !path.startsWith('src/build'))],
    [{ exclude: ['a.tmp/'] }, paths],
    [{ exclude: ['.*'] }, paths.filter((path) => !path.includes('.git') && !path.includes('/.'))],
    [{ exclude: ['**/deep/**'] }, paths.filter((path) => !path.includes('/deep'))],
    [{ exclude: ['*'] }, []],
    [{ include: ['*.txt'] }, ['a.txt', 'build/a.txt', 'src/.hidden.txt']],
    [{ include: ['src'] }, paths.filter((path) => path.startsWith('src'))],
    [{ include: ['src/*.c', '*.tmp'] }, ['a.tmp', 'build/deep/b.tmp', 'src/main.c']],
    [{ include: ['src'], exclude: ['build'] }, ['src/', 'src/.hidden.txt', 'src/main.c']],
    [
      { include: ['build/'], exclude: ['*.tmp'] },
      paths.filter((path) => path.includes('build') && !path.endsWith('.tmp')),
    ],
    [{ include: ['nothing'] }, []],
    [{ include: ['[ab].txt', '{main,other}.c'] }, ['a.txt', 'build/a.txt', 'src/main.c']],
  ])('%j choose', (options, expected) => {
    expect(meant(options, paths)).toEqual(expected);
  });

  test('take for themselves what only some programs find special', () => {
    const odd = ['!x', 'a(1).txt', '+(a)', 'a|b', '(x)', '^a', 'a$', 'a+b', '#x', '~'];
    for (const name of odd) {
      expect(meant({ include: [name] }, odd)).toEqual([name]);
      expect(meant({ exclude: [name] }, odd)).toEqual(odd.filter((other) => other !== name));
    }
    expect(meant({ include: ['a\\*'] }, ['a*', 'ab'])).toEqual(['a*']);
    expect(meant({ include: ['A'] }, ['a', 'A'])).toEqual(['A']);
  });

  test.each(['', '/', './', 'x'.repeat(70_000)])('refuse %p', (pattern) => {
    expect(() => new TreeFilter({ exclude: [pattern] })).toThrow(
      expect.objectContaining({ code: 'bad-configuration' }),
    );
  });

  test('judge a path alone as in a row of others', () => {
    const name = fc.constantFrom('a', 'b', '.c', 'd.tmp');
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    const pattern = fc.constantFrom('a', '/b', 'a/b', '*.tmp', '.c/', 'b/**', '**/a', '?', 'a/');
    const options = fc.record({ exclude: fc.array(pattern), include: fc.array(pattern) });
    fc.assert(
      fc.property(options, fc.array(path), fc.boolean(), (given, all, isFolder) => {
        const filter = new TreeFilter(given);
        for (const one of all) {
          const alone = new TreeFilter(given);
          expect(filter.takes(one, isFolder)).toBe(alone.takes(one, isFolder));
          // What is excluded takes everything in it along.
          if (filter.excludes(one)) expect(filter.takes(`${one}/x`, false)).toBe(false);
        }
      }),
    );
  });
});
