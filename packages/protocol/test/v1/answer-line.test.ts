import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  formatV1Answer,
  parseV1Answer,
  printable,
  V1LineReader,
  v1Texts,
} from '../../src/index.js';
import { codeOf } from '../support/errors.js';

function format(status: number, text: string): string {
  return new TextDecoder().decode(formatV1Answer({ status, text }));
}

describe('an answer', () => {
  test.each([
    [226, 'Transfer Complete', '226|Transfer Complete\n'],
    [200, '64', '200|64\n'],
    [200, '0', '200|0\n'],
    [404, 'File not found: é 水.txt', '404|File not found: é 水.txt\n'],
    [200, '17|1700000000', '200|17|1700000000\n'],
    [500, '', '500|\n'],
    [400, v1Texts.malformed, '400|Malformed request\n'],
    [400, v1Texts.unknownCommand, '400|Invalid Command\n'],
    [500, v1Texts.misconfigured, '500|Server Misconfigured\n'],
  ])('%d with %j', (status, text, line) => {
    expect(format(status, text)).toBe(line);
    expect(parseV1Answer(line.slice(0, -1))).toEqual({ status, text });
  });

  test.each(['a\nb', '\n', 'Complete\n', '64\n200|64'])('never says two lines: %j', (text) => {
    expect(codeOf(() => format(200, text))).toBe('misuse');
  });

  test.each([
    '',
    '|',
    '200',
    '20|64',
    '2000|64',
    '|200|64',
    ' 200|64',
    '200 |64',
    '+20|64',
    '-20|64',
    '2e1|64',
    '0x1|64',
    '２００|64',
    '٢٠٠|64',
    'OK|64',
    '200:64',
    '\uFEFF200|64',
    '\n200|64',
    'HTTP/1.1 400 Bad Request',
    'SSH-2.0-x',
  ])('is not %j', (line) => {
    expect(codeOf(() => parseV1Answer(line))).toBe('malformed');
  });

  test('is read whole, whatever characters its text has', () => {
    for (const text of [
      'a\rb',
      'a\u2028b',
      '\u0085',
      '|',
      '||',
      '\uFEFF',
      '\0',
      'a '.repeat(4000),
    ]) {
      expect(parseV1Answer(`404|${text}`)).toEqual({ status: 404, text });
    }
  });

  test('is read as it was written', () => {
    const text = fc
      .string({ unit: 'binary' })
      .map((all) => all.replaceAll('\n', '').toWellFormed());
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), text, (status, words) => {
        const line = new V1LineReader().push(formatV1Answer({ status, text: words }));
        expect(line?.rest).toHaveLength(0);
        expect(parseV1Answer(line!.text)).toEqual({ status, text: words });
      }),
      { numRuns: 500 },
    );
  });
});

test('the fixed texts are harmless, and none holds what parts fields', () => {
  for (const text of Object.values(v1Texts)) {
    expect(printable(text)).toBe(text);
    expect(text).not.toMatch(/[|\n]/u);
  }
});
