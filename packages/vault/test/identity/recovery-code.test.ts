import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Identity } from '@e2eeftp/crypto';

import { formatRecoveryCode, homeVaultId, parseRecoveryCode } from '../../src/index.js';
import { backends } from '../support/backends.js';
import { hex } from '../support/bytes.js';
import { codeOf, errorOf } from '../support/errors.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

describe.each(backends)('on %s', (_name, backend) => {
  test('the code gives the person back, however it is typed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const identity = new Identity(seed, backend);
        const code = formatRecoveryCode(identity, backend);
        expect(code).toMatch(/^([A-Z2-7]{7}-){7}[A-Z2-7]{7}$/u);
        const typed = ` ${code.toLowerCase().replaceAll('-', ' ')}\n`;
        const again = parseRecoveryCode(typed, backend);
        expect(hex(again.exportSeed())).toBe(hex(seed));
        expect(hex(homeVaultId(again, backend))).toBe(hex(homeVaultId(identity, backend)));
      }),
      { numRuns: 10 },
    );
  });

  test('a wrong character is noticed, and so are two that changed places', () => {
    const code = formatRecoveryCode(new Identity(new Uint8Array(32).fill(0x5a), backend), backend);
    for (let index = 0; index < code.length; index++) {
      if (code[index] === '-') continue;
      const other = alphabet[(alphabet.indexOf(code[index] as string) + 1) % 32] as string;
      const wrong = code.slice(0, index) + other + code.slice(index + 1);
      const error = errorOf(() => parseRecoveryCode(wrong, backend));
      expect(error).toMatchObject({ code: 'malformed' });
      expect(error?.message).toContain(`in group ${Math.floor(index / 8) + 1};`);
      const [one, two] = [code[index] as string, code[index + 1]];
      if (two === undefined || two === '-' || one === two) continue;
      const swapped = code.slice(0, index) + two + one + code.slice(index + 2);
      expect(codeOf(() => parseRecoveryCode(swapped, backend))).toBe('malformed');
    }
  });
});

test.each([
  [`${'AAAAAAA '.repeat(7)}AAAAAA`, 'has 6 characters in group 8 instead of 7'],
  [`${'AAAAAAA-'.repeat(2)}AAAAAA1`, 'in group 3 that no code has'],
  ['A'.repeat(55), 'has 55 characters instead of 56'],
  ['A'.repeat(56), 'has several wrong characters'],
])('says what is wrong with %j', (text, reason) => {
  expect(errorOf(() => parseRecoveryCode(text))?.message).toContain(reason);
});

test.each(['', 'A'.repeat(55), 'A'.repeat(57), '1'.repeat(56), 'ß'.repeat(28)])(
  'refuses %j',
  (text) => expect(codeOf(() => parseRecoveryCode(text))).toBe('malformed'),
);
