import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { printable } from '../src/index.js';

const replacement = '\uFFFD';

/** What Unicode says about each code point that has no business in a line of a terminal. */
const dangerous = [
  ['C0, DEL and C1', /^[\u{0}-\u{1F}\u{7F}-\u{9F}]$/u],
  ['line and paragraph separators', /^[\p{Zl}\p{Zp}]$/u],
  ['bidirectional controls', /^\p{Bidi_Control}$/u],
  [
    'zero-width characters',
    /^[\u{180E}\u{200B}-\u{200D}\u{2060}-\u{2064}\u{FEFF}\u{FFF9}-\u{FFFB}]$/u,
  ],
  ['deprecated format characters', /^[\u{206A}-\u{206F}]$/u],
  ['fillers', /^[\u{115F}\u{1160}\u{3164}\u{FFA0}]$/u],
  ['tags', /^[\u{E0000}-\u{E007F}]$/u],
] as const;

describe('printable', () => {
  test.each(dangerous)('replaces %s', (_what, pattern) => {
    let seen = 0;
    for (const character of allCharacters()) {
      if (!pattern.test(character)) continue;
      seen++;
      expect(printable(`a${character}b${character}`)).toBe(`a${replacement}b${replacement}`);
    }
    expect(seen).toBeGreaterThan(0);
  });

  test('leaves every letter, digit, mark, symbol and punctuation with a shape of its own', () => {
    const altered: string[] = [];
    for (const character of allCharacters()) {
      if (!/^[\p{L}\p{N}\p{P}\p{S}\p{Zs}\p{Mc}\p{Mn}]$/u.test(character)) continue;
      if (printable(character) !== character) altered.push(character);
    }
    // Letters and marks by their category, all of them without width: the combining grapheme
    // joiner, the fillers of Hangul, two vowels of Khmer that nobody may use.
    expect(altered.map((character) => character.codePointAt(0)?.toString(16))).toEqual([
      '34f',
      '115f',
      '1160',
      '17b4',
      '17b5',
      '3164',
      'ffa0',
    ]);
  });

  test.each([
    'report (final) v2.pdf',
    'Žluťoučký kůň',
    'cafe\u0301',
    'Ελληνικά',
    'Кириллица',
    'العربية',
    'עברית',
    'हिन्दी',
    'ไทย',
    '日本語の名前',
    '한국어',
    '❤️ 😀 👍🏽 🇪🇺',
    '\u00A0',
    'back\\slash',
  ])('leaves %j alone', (text) => {
    expect(printable(text)).toBe(text);
  });

  test.each([
    ['an escape sequence', '\u001B[31mred', `${replacement}[31mred`],
    ['a forged line', 'ok\r\n2030 ERROR', `ok${replacement}${replacement}2030 ERROR`],
    ['a name turned round', 'exe.\u202Egnp', `exe.${replacement}gnp`],
    ['CSI of C1', '\u009B2J', `${replacement}2J`],
    ['a lone surrogate', 'a\uD800b', `a${replacement}b`],
    ['a hidden difference', 'pay\u200Bpal', `pay${replacement}pal`],
    ['a message in tags', 'a\u{E0068}\u{E0069}', `a${replacement}${replacement}`],
  ])('shows that there was %s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('gives well-formed text in one line from anything, and no other text a second time', () => {
    const unit = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), (units) => {
        const shown = printable(String.fromCharCode(...units));
        expect(shown.isWellFormed()).toBe(true);
        expect(printable(shown)).toBe(shown);
        for (const character of shown) {
          expect(dangerous.some(([, pattern]) => pattern.test(character))).toBe(false);
        }
      }),
    );
  });
});

function* allCharacters(): Generator<string, void, void> {
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code);
  }
}
