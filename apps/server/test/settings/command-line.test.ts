import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { splitCommandLine } from '../../src/settings/command-line.js';

test.each([
  ['', []],
  ['  \t ', []],
  ['/bin/true', ['/bin/true']],
  ['  a   b ', ['a', 'b']],
  [`a 'b c' "d e"`, ['a', 'b c', 'd e']],
  [`a'b c'd`, ['ab cd']],
  [`a "" ''`, ['a', '', '']],
  [String.raw`a\ b "\"" '\'`, ['a b', '"', '\\']],
  // What a shell would do more than that does not happen.
  [
    'a $HOME `b` $(c) * ~ | d > e ; f & g',
    ['a', '$HOME', '`b`', '$(c)', '*', '~', '|', 'd', '>', 'e', ';', 'f', '&', 'g'],
  ],
])('%j are the words %j', (text, words) => {
  expect(splitCommandLine(text)).toEqual(words);
});

test.each([`a 'b`, `a "b`, 'a \\', `'`, `"\\"`])('%j is not closed', (text) => {
  expect(splitCommandLine(text)).toBeUndefined();
});

test('any words in quotes come back as they are', () => {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`;
  const escaped = (word: string): string => `"${word.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
      expect(splitCommandLine(words.map(quoted).join(' '))).toEqual(words);
      expect(splitCommandLine(words.map(escaped).join('\t'))).toEqual(words);
    }),
  );
});
