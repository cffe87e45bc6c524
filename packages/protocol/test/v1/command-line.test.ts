import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { formatV1Command, limits, parseV1Command, V1LineReader } from '../../src/index.js';
import { codeOf } from '../support/errors.js';

/** What stands around a line in the original is stripped when it is one of these. */
const blanks = [
  ...['\t', '\n', '\v', '\f', '\r', '\x1C', '\x1D', '\x1E', '\x1F', ' ', '\x85', '\xA0'],
  ...['\u1680', '\u2000', '\u2001', '\u2002', '\u2003', '\u2004', '\u2005', '\u2006', '\u2007'],
  ...['\u2008', '\u2009', '\u200A', '\u2028', '\u2029', '\u202F', '\u205F', '\u3000'],
];

/** As a server gets it. */
function overTheWire(line: Uint8Array): string | undefined {
  return new V1LineReader().push(line)?.text;
}

function format(...[word = '', ...fields]: readonly string[]): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(formatV1Command(word, fields));
}

describe('a command line says', () => {
  test.each([
    ['LIST', 'LIST', []],
    ['list', 'LIST', []],
    ['LiSt', 'LIST', []],
    ['hLIST', 'HLIST', []],
    ['GET|report.pdf', 'GET', ['report.pdf']],
    ['get|Report.PDF', 'GET', ['Report.PDF']],
    ['SEND|a b.txt|4160', 'SEND', ['a b.txt', '4160']],
    ['RENAME|old|new', 'RENAME', ['old', 'new']],
    ['  LIST\t', 'LIST', []],
    ['LIST\r', 'LIST', []],
    ['\r\n\v\f GET|a \u3000', 'GET', ['a']],
    ['GET| a', 'GET', [' a']],
    ['GET |a', 'GET ', ['a']],
    ['SEND| a | 5 ', 'SEND', [' a ', ' 5']],
    ['GET', 'GET', []],
    ['GET|', 'GET', ['']],
    ['GET||', 'GET', ['', '']],
    ['|', '', ['']],
    ['|GET', '', ['GET']],
    ['', '', []],
    ['   ', '', []],
    ['GET|a\0b', 'GET', ['a\0b']],
    ['GET|../../etc/passwd', 'GET', ['../../etc/passwd']],
    ['GET|日本語|é', 'GET', ['日本語', 'é']],
    ['GET\\|a', 'GET\\', ['a']],
    ['GET|a%7Cb', 'GET', ['a%7Cb']],
  ])('%j', (line, word, fields) => {
    expect(parseV1Command(line)).toEqual({ word, fields });
  });

  test.each(blanks)('the same with %j around it', (blank) => {
    const expected = { word: 'GET', fields: [`a${blank}b`] };
    expect(parseV1Command(`${blank}GET|a${blank}b${blank}${blank}`)).toEqual(expected);
    expect(parseV1Command(blank.repeat(3))).toEqual({ word: '', fields: [] });
  });

  test('something else for every other character', () => {
    const stripped: string[] = [];
    for (let code = 0; code < 0x10000; code++) {
      const character = String.fromCharCode(code);
      if (character === '|') continue;
      const [field] = parseV1Command(`GET|a${character}`).fields;
      if (field !== `a${character}`) stripped.push(character);
    }
    expect(stripped).toEqual(blanks);
  });

  test.each(['\uFEFF', '\u200B', '\u180E', '\u0000'])(
    'another word when %j, which is no blank, comes first',
    (character) => {
      expect(parseV1Command(`${character}LIST`).word).toBe(`${character}LIST`);
      expect(parseV1Command(`LIST${character}`).word).toBe(`LIST${character}`);
    },
  );

  test('nothing more for as many blanks and separators as it can hold', () => {
    const wide = ' '.repeat(limits.v1Line - 1);
    expect(parseV1Command(wide)).toEqual({ word: '', fields: [] });
    expect(parseV1Command(`${wide.slice(1)}a`).word).toBe('A');
    expect(parseV1Command(`a${wide.slice(1)}`).word).toBe('A');
    expect(parseV1Command('|'.repeat(limits.v1Line - 1)).fields).toHaveLength(limits.v1Line - 1);
  });
});

describe('writing a command line', () => {
  test.each([
    [['LIST'], 'LIST\n'],
    [['GET', 'a'], 'GET|a\n'],
    [['SEND', 'é 水.txt', '64'], 'SEND|é 水.txt|64\n'],
    [['RENAME', ' old', 'new'], 'RENAME| old|new\n'],
    [['GET', ''], 'GET|\n'],
    [['GET', '\uFEFFa\uFEFF'], 'GET|\uFEFFa\uFEFF\n'],
  ])('%j', (parts, line) => {
    expect(format(...parts)).toBe(line);
  });

  test.each([
    ['a separator', ['GET', 'a|b']],
    ['a separator alone', ['GET', '|']],
    ['a line feed', ['GET', 'a\nDELETE|b']],
    ['a line feed at its end', ['GET', 'a\n']],
    ['a line feed in an earlier field', ['RENAME', 'a\n', 'b']],
    ['a line feed in the word', ['LIST\nDELETE|a', 'b']],
    ['a separator in the word', ['DELETE|a']],
    ['a blank at its end', ['GET', 'a ']],
    ['a tab at its end', ['GET', 'a\t']],
    ['a carriage return at its end', ['GET', 'a\r']],
    ['a separator of units at its end', ['GET', 'a\x1F']],
    ['a wide blank at its end', ['GET', 'a\u3000']],
    ['a blank and nothing else', ['GET', ' ']],
    ['half a character', ['GET', 'a\uD83D']],
    ['the other half', ['GET', '\uDE00a']],
  ])('is refused with %s', (_what, parts) => {
    expect(codeOf(() => format(...parts))).toBe('bad-path');
  });

  test.each(blanks)('is refused where the server would strip %j', (blank) => {
    expect(codeOf(() => format('GET', `a${blank}`))).toBe('bad-path');
  });

  test('is done up to what a server reads, and no further', () => {
    const { v1Line } = limits;
    const name = 'n'.repeat(v1Line - 'GET|\n'.length);
    expect(format('GET', name)).toHaveLength(v1Line);
    expect(overTheWire(formatV1Command('GET', [name]))).toBe(`GET|${name}`);
    expect(codeOf(() => format('GET', `${name}n`))).toBe('bad-path');
    expect(codeOf(() => format('GET', `${name.slice(1)}é`))).toBe('bad-path');
    expect(format('GET', `${name.slice(2)}é`)).toHaveLength(v1Line - 1);
  });

  test('gives what is read again, or is refused', () => {
    const word = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,9}$/u);
    const special = fc.constantFrom('|', '\n', '\r', ' ', '\0', '/', '\uFEFF', '\x85', '\uD800');
    const field = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      fc
        .array(fc.oneof(special, fc.constantFrom('a', 'é')), { maxLength: 5 })
        .map((all) => all.join('')),
    );
    let written = 0;
    fc.assert(
      fc.property(word, fc.array(field, { maxLength: 4 }), (name, fields) => {
        let line: Uint8Array;
        try {
          line = formatV1Command(name, fields);
        } catch {
          expect(codeOf(() => formatV1Command(name, fields))).toBe('bad-path');
          return;
        }
        written += 1;
        expect(line.filter((byte) => byte === 10)).toHaveLength(1);
        expect(parseV1Command(overTheWire(line)!)).toEqual({ word: name, fields });
      }),
      { numRuns: 2000 },
    );
    expect(written).toBeGreaterThan(200);
  });

  test('does not tell in its error what the name was', () => {
    expect(() => format('GET', 'very-private|name')).toThrow(/"\|"/u);
    expect(() => format('GET', 'very-private|name')).not.toThrow(/very-private/u);
  });
});

test('what is read is written the same way again', () => {
  const line = fc.array(fc.constantFrom('|', 'a', 'B', ' ', 'é', '\t', '\uFEFF'), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      line.map((parts) => parts.join('')),
      (text) => {
        const { word, fields } = parseV1Command(text);
        if (word === '' || word.startsWith(' ') || word.startsWith('\t')) return;
        const again = parseV1Command(overTheWire(formatV1Command(word, fields))!);
        expect(again).toEqual({ word, fields });
      },
    ),
    { numRuns: 1000 },
  );
});
