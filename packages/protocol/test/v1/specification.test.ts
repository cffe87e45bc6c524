import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { v1HelloLength, v1HelloPrefix, v1PayloadLength } from '@e2eeftp/crypto';

import { limits, parseV1Answer, parseV1Command, v1Texts } from '../../src/index.js';

const page = readFileSync(new URL('../../../../SPEC.md', import.meta.url), 'utf8');
const [, section = ''] = page.split('\n## First generation (v1)\n');

/** The rows of the table under a heading, without its own head. */
function rowsUnder(heading: string): string[][] {
  const [, body = ''] = section.split(`\n### ${heading}\n`);
  const [content = ''] = body.split('\n### ');
  const rows = content.split('\n').filter((line) => line.startsWith('|'));
  expect(rows.length).toBeGreaterThan(3);
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/u)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

/** The lines in the clear that a cell holds, without their line feeds. */
function linesIn(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]*\|[^`]*|[A-Z]+)\\n`/gu)].map(([, line = '']) => line);
}

describe('SPEC.md says of the first generation what the code does', () => {
  test('about the fields of a hello', () => {
    const fields = rowsUnder('Handshake of v1').map(([, bytes]) => Number(bytes));
    expect(fields[0]).toBe(v1HelloPrefix.length);
    expect(fields.reduce((sum, bytes) => sum + bytes, 0)).toBe(v1HelloLength);
  });

  test('about the length of a payload', () => {
    expect(section).toContain('`16 + 16 · (⌊n / 16⌋ + 1) + 32`');
    for (const n of [0, 15, 16, 17, 100_003]) {
      expect(v1PayloadLength(n)).toBe(16 + 16 * (Math.floor(n / 16) + 1) + 32);
    }
  });

  test('about commands', () => {
    const lines = rowsUnder('Commands of v1').flatMap(([command]) => linesIn(command));
    expect(lines.map((line) => parseV1Command(line))).toEqual([
      { word: 'SEND', fields: ['name', 'payload length'] },
      { word: 'GET', fields: ['name'] },
      { word: 'LIST', fields: [] },
      { word: 'DELETE', fields: ['name'] },
      { word: 'HLIST', fields: [] },
    ]);
  });

  test('about answers', () => {
    const answers = rowsUnder('Commands of v1')
      .flatMap(([, answer]) => linesIn(answer))
      .map((line) => parseV1Answer(line));
    expect(answers).toHaveLength(12);
    const texts = answers.map(({ text }) => text);
    for (const text of Object.values(v1Texts)) expect(texts).toContain(text);
  });

  test('about the limit of a line', () => {
    expect(section).toContain(`${limits.v1Line.toLocaleString('en')} bytes of command line`);
    expect(section).toContain(`${v1HelloLength - v1HelloPrefix.length} bytes of hello`);
  });
});
