import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';

import { colorsFor } from '../src/colors.js';
import { longLines, shortLines, type Shown } from '../src/entry-lines.js';

const plain = colorsFor({ isTTY: false }, {});
const mtime = Date.UTC(2026, 4, 31, 8, 15);

function file(path: string, size = 1): Shown {
  return { type: 'file', path, size, mtime };
}

function folder(path: string): Shown {
  return { type: 'directory', path, size: 0, mtime };
}

describe('columns', () => {
  test('are filled from top to bottom, in as few rows as fit', () => {
    const entries = ['a', 'bbbb', 'c', 'dd', 'e', 'ffffffff', 'g'].map((name) => file(name));
    expect(shortLines([...entries, folder('h')], { columns: 20, colors: plain })).toEqual([
      'a     dd        g',
      'bbbb  e         h/',
      'c     ffffffff',
    ]);
    expect(shortLines(entries, { columns: 80, colors: plain })).toEqual([
      'a  bbbb  c  dd  e  ffffffff  g',
    ]);
    expect(shortLines(entries, { columns: 5, colors: plain })).toHaveLength(7);
    expect(shortLines(entries, { columns: undefined, colors: plain })).toHaveLength(7);
    expect(shortLines([], { columns: 80, colors: plain })).toEqual([]);
  });

  test('are as wide as what is in them is shown', () => {
    const entries = ['文档', 'a', '🎉', 'b'].map((name) => file(name));
    expect(shortLines(entries, { columns: 9, colors: plain })).toEqual(['文档  🎉', 'a     b']);
  });

  test('hold every name once, in order, and no line is too long unless a name is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z文]{1,12}$/u), { maxLength: 60 }),
        fc.integer({ min: 1, max: 120 }),
        (names, columns) => {
          const lines = shortLines(
            names.map((name) => file(name)),
            { columns, colors: plain },
          );
          const cells = lines.map((line) => line.split(/ +/u));
          const found: string[] = [];
          for (let column = 0; column < (cells[0]?.length ?? 0); column++) {
            found.push(...cells.flatMap((row) => row[column] ?? []));
          }
          expect(found).toEqual(names);
          const longest = Math.max(columns, ...names.map((name) => stringWidth(name)));
          for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(longest);
        },
      ),
    );
  });
});

describe('long lines', () => {
  test('have their sizes below each other', () => {
    const entries = [file('a', 7), folder('d'), file('文', 1_234_567)];
    const look = { columns: 80, colors: plain };
    const lines = (human: boolean): string[] =>
      longLines(entries, look, human).map((line) => line.replaceAll(/\d{4}-\S+ \S+/gu, 'TIME'));
    expect(lines(false)).toEqual(['      7  TIME  a', '      -  TIME  d/', '1234567  TIME  文']);
    expect(lines(true)).toEqual(['   7 B  TIME  a', '     -  TIME  d/', '1.2 MB  TIME  文']);
  });
});

describe('colours', () => {
  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [false, { CI: 'true' }, false],
  ])('at a terminal %j with %j: %j', (isTTY, environment, expected) => {
    expect(colorsFor({ isTTY }, environment).red('x') !== 'x').toBe(expected);
  });

  test('are for folders, and never in a name', () => {
    const colors = colorsFor({ isTTY: true }, {});
    const [line = ''] = shortLines([folder('a\u001B[31mb')], { columns: 80, colors });
    expect(line).toBe('\u001B[1m\u001B[34ma\uFFFD[31mb\u001B[39m\u001B[22m/');
  });
});
