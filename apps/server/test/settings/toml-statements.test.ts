import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';

import { parseStatements } from '../../src/settings/toml-statements.js';

test('each value comes with the line where it begins', () => {
  const text = [
    '# a comment',
    '',
    'a = 1 # another',
    'b = [',
    '  "x", # inside',
    '  "]",',
    ']',
    'c = """',
    'd = 5',
    '"""',
    "'quoted key' = true\r",
    'e.f = 1',
  ].join('\n');
  expect(parseStatements(text)).toEqual({
    statements: [
      { key: 'a', value: 1n, line: 3 },
      { key: 'b', value: ['x', ']'], line: 4 },
      { key: 'c', value: 'd = 5\n', line: 8 },
      { key: 'quoted key', value: true, line: 11 },
      { key: 'e', value: { f: 1n }, line: 12 },
    ],
    mistakes: [],
  });
});

describe('mistakes', () => {
  test('are all told of, each with its line, and what is between counts', () => {
    const { statements, mistakes } = parseStatements('a = b\nc = 1\nd\n= 2\ne = "x\nf = 2');
    expect(statements.map(({ key, line }) => [key, line])).toEqual([
      ['c', 2],
      ['f', 6],
    ]);
    expect(mistakes.map(({ line }) => line)).toEqual([1, 3, 4, 5]);
  });

  test('do not show what is in the line, which may be secret', () => {
    const { mistakes } = parseStatements('on-upload-url = https://example.org/?token=hunter2');
    expect(mistakes).toHaveLength(1);
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
  });

  test('an array that never ends', () => {
    const { statements, mistakes } = parseStatements('a = [\n"x",\n\nb = 1');
    expect(mistakes[0]?.line).toBe(1);
    expect(statements).toEqual([{ key: 'b', value: 1n, line: 4 }]);
  });

  test('in every line of a large file end the reading', () => {
    const { mistakes } = parseStatements('a = [\n'.repeat(10_000));
    expect(mistakes).toHaveLength(50);
  });
});

test('a key of JavaScript’s own is a key like any other', () => {
  const { statements } = parseStatements('__proto__ = 1\nconstructor = 2');
  expect(statements.map(({ key }) => key)).toEqual(['__proto__', 'constructor']);
});

test('whatever a file sets, it is what the library reads in one go', () => {
  const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.boolean(), fc.integer());
  const value = fc.oneof(scalar, fc.array(fc.string()));
  const key = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(key, value), (table) => {
      const text = stringify(table);
      const { statements, mistakes } = parseStatements(text);
      expect(mistakes).toEqual([]);
      const ours = Object.fromEntries(
        statements.map((statement) => [statement.key, statement.value]),
      );
      expect(ours).toEqual(parse(text, { integersAsBigInt: true }));
    }),
  );
});
