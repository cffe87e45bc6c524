import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { limits, V1LineReader, type V1Line } from '../../src/index.js';
import { everyByte, joinBytes, splitAt, toHex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';

const encoder = new TextEncoder();

/** A line as it came, and everything that followed it. */
interface Reading {
  readonly text: string;
  readonly rest: string;
}

/**
 * Feeds pieces to a reader until it has the line. Each piece is overwritten behind the call, as a
 * transport does with its one buffer.
 */
function read(pieces: readonly Uint8Array[]): Reading | undefined {
  const reader = new V1LineReader();
  for (const [index, piece] of pieces.entries()) {
    const lent = Buffer.from(piece);
    const line = reader.push(lent);
    if (line) {
      const rest = toHex(line.rest, ...pieces.slice(index + 1));
      return { text: line.text, rest };
    }
    lent.fill(0xee);
  }
  return undefined;
}

function lineOf(length: number): Uint8Array {
  return encoder.encode(`${'a'.repeat(length - 1)}\n`);
}

describe('a line', () => {
  test.each([
    ['of a command', 'LIST', ''],
    ['with what follows it', 'SEND|a|64', '0a00ff0a'],
    ['that is empty', '', ''],
    ['that is empty, before another', '', '0a'],
    ['with a carriage return, which belongs to it', 'LIST\r', ''],
    ['with NUL', 'GET|a\0b', ''],
    ['of all lengths that UTF-8 has', 'GET|aé水😀', 'f09f'],
    ['with a byte order mark, which belongs to it', '\uFEFFLIST', ''],
    ['with marks elsewhere', 'GET|\uFEFFa\uFEFF', 'efbbbf'],
    ['with two marks', '\uFEFF\uFEFFLIST', ''],
  ])('%s', (_what, text, rest) => {
    const bytes = Buffer.concat([Buffer.from(`${text}\n`), Buffer.from(rest, 'hex')]);
    expect(read([bytes])).toEqual({ text, rest });
    expect(read(everyByte(bytes))).toEqual({ text, rest });
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        expect(read(splitAt(bytes, [first, second]))).toEqual({ text, rest });
      }
    }
  });

  test('of any text, in pieces of any size', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(text, fc.uint8Array(), fc.array(fc.nat(400)), (line, rest, cuts) => {
        const expected = line.replaceAll('\n', '').toWellFormed();
        const bytes = joinBytes([encoder.encode(`${expected}\n`), rest]);
        expect(read(splitAt(bytes, cuts))).toEqual({ text: expected, rest: toHex(rest) });
      }),
      { numRuns: 500 },
    );
  });

  test('does not come before its line feed', () => {
    expect(read(everyByte(encoder.encode('LIST')))).toBeUndefined();
    expect(read([])).toBeUndefined();
    expect(read([new Uint8Array(0), new Uint8Array(0)])).toBeUndefined();
  });

  test('gives what follows it without a copy', () => {
    const chunk = Buffer.from('GET|a\nrest');
    const { rest } = new V1LineReader().push(chunk) as V1Line;
    expect(rest.buffer).toBe(chunk.buffer);
    expect(Buffer.from(rest).toString()).toBe('rest');
  });
});

describe('a line that is too long', () => {
  const { v1Line } = limits;

  test.each([1, 2, 100, 4096, v1Line - 1, v1Line])('is not one of %d bytes', (length) => {
    const bytes = lineOf(length);
    expect(read([bytes])?.text).toHaveLength(length - 1);
    expect(read(splitAt(bytes, [1, length - 1]))?.text).toHaveLength(length - 1);
    expect(read(everyByte(bytes))?.text).toHaveLength(length - 1);
  });

  test.each([v1Line + 1, v1Line + 2, 2 * v1Line, 1_000_000])('is one of %d bytes', (length) => {
    const bytes = lineOf(length);
    expect(codeOf(() => read([bytes]))).toBe('malformed');
    expect(codeOf(() => read(splitAt(bytes, [v1Line - 1, v1Line])))).toBe('malformed');
    expect(codeOf(() => read(splitAt(bytes, [length - 1])))).toBe('malformed');
  });

  test('is refused as soon as it is, not when it ends', () => {
    const reader = new V1LineReader();
    expect(reader.push(new Uint8Array(v1Line - 1).fill(0x61))).toBeUndefined();
    expect(codeOf(() => reader.push(Uint8Array.of(0x61)))).toBe('malformed');
  });

  test('stays refused, also when a line feed follows', () => {
    const reader = new V1LineReader();
    expect(codeOf(() => reader.push(new Uint8Array(v1Line)))).toBe('malformed');
    expect(codeOf(() => reader.push(Uint8Array.of(0x0a)))).toBe('malformed');
  });

  test('is counted in bytes, not in characters', () => {
    const fits = encoder.encode(`${'水'.repeat(2730)}a\n`);
    expect(fits).toHaveLength(v1Line);
    expect(read([fits])?.text).toHaveLength(2731);
    expect(codeOf(() => read([encoder.encode(`${'水'.repeat(2730)}aa\n`)]))).toBe('malformed');
  });

  test('is not one before which, or behind which, much else came', () => {
    const reader = new V1LineReader();
    for (let count = 0; count < 100_000; count++) reader.push(new Uint8Array(0));
    const line = reader.push(joinBytes([lineOf(v1Line), new Uint8Array(1_000_000)]));
    expect(line?.text).toHaveLength(v1Line - 1);
    expect(line?.rest).toHaveLength(1_000_000);
  });
});

describe('UTF-8 that is none', () => {
  const invalid: readonly (readonly [string, string])[] = [
    ['a continuation byte alone', '80'],
    ['a lead byte alone', 'c3'],
    ['a character that is cut short', 'e6b0'],
    ['an emoji that is cut short', 'f09f98'],
    ['an overlong slash', 'c0af'],
    ['an overlong slash of three bytes', 'e080af'],
    ['an overlong NUL', 'c080'],
    ['a surrogate', 'eda080'],
    ['a pair of surrogates', 'eda080edb080'],
    ['more than Unicode has', 'f4908080'],
    ['five bytes', 'f888808080'],
    ['a byte of no meaning', 'ff'],
    ['UTF-16', 'fffe4c004900'],
  ];

  test.each(invalid)('%s, wherever it stands and however it is cut', (_what, hex) => {
    const bad = Buffer.from(hex, 'hex');
    for (const [before, behind] of [
      ['', ''],
      ['GET|', ''],
      ['', 'b'],
      ['GET|é', '水'],
    ] as const) {
      const bytes = Buffer.concat([Buffer.from(before), bad, Buffer.from(`${behind}\n`)]);
      expect(codeOf(() => read([bytes]))).toBe('malformed');
      expect(codeOf(() => read(everyByte(bytes)))).toBe('malformed');
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(codeOf(() => read(splitAt(bytes, [cut])))).toBe('malformed');
      }
    }
  });

  test('a line feed within a character ends the line all the same', () => {
    // 0a is no part of any character but itself.
    const bytes = Buffer.from('47e60ab0b40a', 'hex');
    expect(codeOf(() => read([bytes]))).toBe('malformed');
  });

  test('behind the line is nobody’s business here', () => {
    expect(read([Buffer.from('4c4953540aff80', 'hex')])).toEqual({ text: 'LIST', rest: 'ff80' });
  });

  test('is judged as the platform judges whole lines', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const bytes = fc
      .uint8Array({ maxLength: 12 })
      .map((line) => line.filter((byte) => byte !== 10));
    const nearlyText = fc.array(
      fc.constantFrom(0x61, 0xc3, 0xa9, 0xe6, 0xb0, 0xb4, 0xf0, 0x9f, 0x98, 0x80, 0xef, 0xbb, 0xbf),
      { maxLength: 10 },
    );
    const line = fc.oneof(
      bytes,
      nearlyText.map((values) => Uint8Array.from(values)),
    );
    fc.assert(
      fc.property(line, fc.array(fc.nat(12)), (content, cuts) => {
        const pieces = splitAt(joinBytes([content, Uint8Array.of(10)]), cuts);
        let whole: string | undefined;
        try {
          whole = strict.decode(content);
        } catch {
          expect(codeOf(() => read(pieces))).toBe('malformed');
          return;
        }
        expect(read(pieces)).toEqual({ text: whole, rest: '' });
      }),
      { numRuns: 2000 },
    );
  });
});
