import { spawnSync } from 'node:child_process';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { patternOf } from '../src/shell/pattern.js';
import { quoteText, scanLine, splitWords, textOf } from '../src/shell/words.js';

/** What a POSIX shell makes of a line without expansions. */
function wordsOfShell(line: string): string[] {
  const script = `set -f; printf '%s\\0' ${line}`;
  const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  return stdout.split('\0').slice(0, -1);
}

function words(line: string): string[] {
  return splitWords(line).map(textOf);
}

/** Whether a pattern means a name. */
function matches(pattern: string, name: string): boolean | undefined {
  const [part] = patternOf(splitWords(pattern)[0] ?? []) ?? [];
  return part?.type === 'pattern' ? part.matches(name) : undefined;
}

describe('words', () => {
  test.each([
    `a b  c`,
    `'a b' "c d" e\\ f`,
    `a'b'"c"d`,
    `"" x ''`,
    `"a\\"b\\\\c\\d\\$e"`,
    `'a\\b'`,
    `a\\\\b \\'`,
    `ü漢 "💾 x"`,
    `a #b`,
    `a#b "#c" \\#d`,
    `-- -x "-y z"`,
  ])('of %s are those of a POSIX shell', (line) => {
    expect(words(line)).toEqual(wordsOfShell(line));
  });

  test('are what they were before they were quoted', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const lines = [
          texts.map((value) => `"${quoteText(value, '"')}"`),
          texts.map((value) => `'${quoteText(value, "'")}'`),
        ];
        for (const line of lines) expect(words(line.join(' '))).toEqual(texts);
        const bare = texts.filter((value) => value !== '' && !value.includes('\n'));
        const quoted = bare.map((value) => quoteText(value, ''));
        expect(words(quoted.join(' '))).toEqual(bare);
        expect(splitWords(quoted.join(' ')).map(patternOf)).toEqual(bare.map(() => undefined));
      }),
    );
  });

  test('know where they stand', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '#', '/', '💾') }),
        (line) => {
          for (const word of scanLine(line).words) {
            for (const { character, start } of word) {
              const there = line.slice(start).replace(/^\\(?=.)/su, '');
              const isThere = there.startsWith(character) || line.startsWith(character, start);
              expect(isThere).toBe(true);
            }
          }
        },
      ),
    );
  });
});

describe('a pattern', () => {
  const names = ['a', 'b', 'ab', 'abc', 'a.txt', '.hidden', 'x-y', 'ü', '💾', ']', '[a]', '*', 'A'];
  test.each([
    '*',
    '?',
    'a*',
    '*b',
    'a*c',
    '[ab]',
    '[!ab]',
    '[a-c]*',
    '.*',
    '[]]',
    '*.txt',
    '[a',
    '\\**',
    '"*"*',
    '??',
    '*[!b]',
    '[x]-*',
  ])('%s matches what it matches in a shell', (pattern) => {
    for (const name of names) {
      const script = `LC_ALL=C.UTF-8; case $1 in .*) case '${pattern}' in .*) ;; *) exit 1;; esac;; esac; case $1 in ${pattern}) exit 0;; esac; exit 1`;
      const { status } = spawnSync('bash', ['-c', script, 'bash', name]);
      const found = matches(pattern, name) ?? words(pattern)[0] === name;
      expect([name, found]).toEqual([name, status === 0]);
    }
  });

  test('takes no long time, whatever the name', () => {
    const pattern = `${'*a'.repeat(60)}*b`;
    expect(matches(pattern, 'a'.repeat(255))).toBe(false);
  });
});
