import { createCipheriv } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  concatBytes,
  isV1PayloadLength,
  V1PayloadOpener,
  type CryptoBackend,
} from '../../src/index.js';
import { nodeBackend } from '../../src/backends/node/index.js';
import { backends } from '../support/backends.js';
import { arbitraryCuts, byteByByte, cutAt, flipBit, hex } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import { feed, open, seal, type OpenOptions } from './support/payloads.js';
import { namedBytes, payloadVector, vectorKeys } from './support/vectors.js';

/** Feeds a payload, which nothing refuses yet, and says what its end is. */
function verdict(options: OpenOptions): string | undefined {
  const { opener } = feed(options);
  return errorOf(() => opener.final())?.code;
}

/** Any bytes behind an IV, with the tag that they ought to have. */
function withTag(ivAndCiphertext: Uint8Array): Uint8Array {
  const { authentication } = vectorKeys();
  return concatBytes(ivAndCiphertext, nodeBackend.hmacSha256(authentication, ivAndCiphertext));
}

/** What a peer who has the keys can make: whole blocks that end in whatever it likes. */
function withPadding(plaintext: Uint8Array): Uint8Array {
  const iv = new Uint8Array(16).fill(5);
  const cipher = createCipheriv('aes-256-cbc', vectorKeys().encryption, iv).setAutoPadding(false);
  return withTag(concatBytes(iv, cipher.update(plaintext), cipher.final()));
}

describe.each(backends)('on %s', (_name, backend) => {
  const { plaintext, payload } = payloadVector(17);

  test.each(namedBytes('rejected_payloads'))(
    'the payload of the vectors with %s',
    (_what, forged) => {
      expect(verdict({ backend, pieces: [forged] })).toBe('authentication-failed');
      expect(verdict({ backend, pieces: byteByByte(forged) })).toBe('authentication-failed');
      fc.assert(
        fc.property(arbitraryCuts(forged.length), (cuts) => {
          expect(verdict({ backend, pieces: cutAt(forged, cuts) })).toBe('authentication-failed');
        }),
        { numRuns: 20 },
      );
    },
  );

  test('every single flipped bit', () => {
    expect(verdict({ backend, pieces: [payload] })).toBeUndefined();
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const code = verdict({ backend, pieces: [flipBit(payload, bit)] });
      expect([bit, code]).toEqual([bit, 'authentication-failed']);
    }
  });

  test('every truncation, whether the announced length knows of it or not', () => {
    for (let length = 0; length < payload.length; length++) {
      const pieces = [payload.subarray(0, length)];
      const codes = [
        verdict({ backend, pieces }),
        verdict({ backend, pieces, payloadLength: payload.length }),
      ];
      expect([length, ...codes]).toEqual([
        length,
        'authentication-failed',
        'authentication-failed',
      ]);
    }
  });

  test('every truncation at its beginning', () => {
    for (let start = 1; start < payload.length; start++) {
      const code = verdict({ backend, pieces: [payload.subarray(start)] });
      expect([start, code]).toEqual([start, 'authentication-failed']);
    }
  });

  test('whatever is longer than it was made', () => {
    for (let more = 1; more <= 48; more++) {
      const added = new Uint8Array(more);
      for (const longer of [concatBytes(payload, added), concatBytes(added, payload)]) {
        expect(verdict({ backend, pieces: [longer] })).toBe('authentication-failed');
      }
    }
  });

  test('every length that no payload has, though its tag is right', () => {
    const impossible = Array.from({ length: 200 }, (_, length) => length).filter(
      (length) => !isV1PayloadLength(length),
    );
    expect(impossible.length).toBeGreaterThan(180);
    for (const length of impossible) {
      const forged =
        length < 32 ? new Uint8Array(length) : withTag(new Uint8Array(length - 32).fill(7));
      expect(forged).toHaveLength(length);
      const { plaintext: given, opener } = feed({ backend, pieces: cutAt(forged, [9, 20, 100]) });
      expect(given).toHaveLength(0);
      expect(opener.missing).toBe(0);
      expectCode('authentication-failed', () => opener.final());
    }
  });

  test.each([NaN, -1, 64.5, Infinity, Number.MAX_SAFE_INTEGER])(
    'an announced length of %d',
    (payloadLength) => {
      const opener = new V1PayloadOpener({ backend, keys: vectorKeys(), payloadLength });
      expectCode('authentication-failed', () => opener.final());
    },
  );

  test('parts of two payloads of one connection', () => {
    const other = seal({ backend, pieces: [new Uint8Array(17)] });
    for (const place of [16, 32, 48]) {
      const spliced = concatBytes(payload.subarray(0, place), other.subarray(place));
      expect(verdict({ backend, pieces: [spliced] })).toBe('authentication-failed');
    }
  });

  test('blocks in another order', () => {
    const large = payloadVector(255).payload;
    const [iv, one, two] = [large.slice(0, 16), large.slice(16, 32), large.slice(32, 48)];
    const swapped = concatBytes(iv, two, one, large.subarray(48));
    expect(verdict({ backend, pieces: [swapped] })).toBe('authentication-failed');
    const repeated = concatBytes(iv, one, one, large.subarray(48));
    expect(verdict({ backend, pieces: [repeated] })).toBe('authentication-failed');
  });

  test('a payload under the keys of another connection, or under one of its keys', () => {
    const right = vectorKeys();
    const wrong = new Uint8Array(32).fill(3);
    for (const keys of [
      { encryption: right.authentication, authentication: right.encryption },
      { encryption: right.encryption, authentication: wrong },
    ]) {
      expect(verdict({ backend, pieces: [payload], keys })).toBe('authentication-failed');
    }
  });

  test('an IV that is left out, since the tag covers it', () => {
    const body = payload.subarray(16, -32);
    const tag = nodeBackend.hmacSha256(vectorKeys().authentication, body);
    const forged = concatBytes(payload.subarray(0, 16), body, tag);
    expect(verdict({ backend, pieces: [forged] })).toBe('authentication-failed');
  });

  describe('from a peer that has the keys, with padding', () => {
    const block = new Uint8Array(16).fill(9);
    const endingWith = (...end: readonly number[]): Uint8Array => {
      const last = Uint8Array.from(block);
      last.set(end, 16 - end.length);
      return concatBytes(block, last);
    };

    test.each([
      ['of the right kind', endingWith(3, 3, 3), undefined],
      ['of a whole block', concatBytes(block, new Uint8Array(16).fill(16)), undefined],
      ['of length zero', endingWith(0), 'authentication-failed'],
      [
        'longer than a block',
        concatBytes(block, new Uint8Array(16).fill(17)),
        'authentication-failed',
      ],
      ['that is not the same throughout', endingWith(2, 3, 3), 'authentication-failed'],
      ['that is one byte short', endingWith(4, 4, 4), 'authentication-failed'],
    ])('%s', (_what, blocks, expected) => {
      expect(verdict({ backend, pieces: [withPadding(blocks)] })).toBe(expected);
    });

    test('one refusal looks like the other: a wrong tag hides what the padding is', () => {
      const codes = [endingWith(0), endingWith(3, 3, 3)].map((blocks) => {
        const forged = flipBit(withPadding(blocks), 0);
        const { opener } = feed({ backend, pieces: [forged] });
        return errorOf(() => opener.final())?.message;
      });
      expect(codes[0]).toBeDefined();
      expect(codes[0]).toBe(codes[1]);
    });
  });

  test('what a forgery gave before its end is no part of a file that opens later', () => {
    const { opener } = feed({ backend, pieces: [flipBit(payload, 200)] });
    expectCode('authentication-failed', () => opener.final());
    expect(hex(open({ backend, pieces: [payload] }))).toBe(hex(plaintext));
  });
});

test('both backends refuse and take the same', () => {
  const [node, noble] = backends.map(([, backend]) => backend) as [CryptoBackend, CryptoBackend];
  const arbitraryEnd = fc.tuple(fc.integer({ min: 0, max: 18 }), fc.nat(16));
  fc.assert(
    fc.property(
      arbitraryEnd,
      fc.nat({ max: 80 * 8 }),
      fc.boolean(),
      ([byte, count], bit, flips) => {
        const blocks = new Uint8Array(32).fill(1);
        blocks.fill(byte, 32 - count);
        const honest = withPadding(blocks);
        const pieces = [flips ? flipBit(honest, bit % (honest.length * 8)) : honest];
        expect(verdict({ backend: noble, pieces })).toBe(verdict({ backend: node, pieces }));
      },
    ),
    { numRuns: 300 },
  );
});
