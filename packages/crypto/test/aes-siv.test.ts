import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { backendPairs, backends } from './support/backends.js';
import { arbitraryBytes, flipBit, hex, unhex } from './support/bytes.js';
import { expectCode } from './support/errors.js';
import { namedVectors } from './support/vectors.js';

describe.each(backends)('%s', (_name, { aesSiv }) => {
  test.each(namedVectors('aes-siv'))('RFC 5297, %s', (_comment, vector) => {
    const key = vector.bytes('key');
    const associatedData = vector.list('associatedData').map((part) => unhex(String(part)));
    const sealed = aesSiv(key).seal(associatedData, vector.bytes('plaintext'));
    expect(hex(sealed)).toBe(vector.text('sealed'));
    expect(hex(aesSiv(key).open(associatedData, sealed))).toBe(vector.text('plaintext'));
  });

  test('refuses keys of another length, and what is shorter than its synthetic IV', () => {
    for (const length of [0, 16, 31, 33, 40, 65]) {
      const key = new Uint8Array(length);
      expectCode('bad-key', () => aesSiv(key));
    }
    for (const length of [0, 1, 15, 16]) {
      expectCode('authentication-failed', () =>
        aesSiv(new Uint8Array(32)).open([], new Uint8Array(length)),
      );
    }
  });
});

describe.each(backendPairs)('%s seals, %s opens', (_one, _other, one, other) => {
  test('any message with any associated data; no flipped bit and no moved boundary goes by', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(32, 48, 64),
        fc.array(arbitraryBytes(20), { maxLength: 3 }),
        arbitraryBytes(80),
        fc.nat(),
        (keyLength, associatedData, plaintext, bit) => {
          const key = new Uint8Array(keyLength).fill(keyLength);
          const sealed = one.aesSiv(key).seal(associatedData, plaintext);
          expect(sealed).toHaveLength(16 + plaintext.length);
          expect(hex(other.aesSiv(key).open(associatedData, sealed))).toBe(hex(plaintext));
          const refuses = (parts: Uint8Array[], bytes: Uint8Array): void =>
            expectCode('authentication-failed', () => other.aesSiv(key).open(parts, bytes));
          refuses(associatedData, flipBit(sealed, bit % (sealed.length * 8)));
          refuses([...associatedData, new Uint8Array(0)], sealed);
          if (associatedData.length > 0) refuses(associatedData.slice(1), sealed);
        },
      ),
      { numRuns: 40 },
    );
  });
});
