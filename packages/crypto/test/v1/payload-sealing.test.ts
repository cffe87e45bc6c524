import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { concatBytes, V1PayloadSealer, wipe } from '../../src/index.js';
import { backendPairs, backends } from '../support/backends.js';
import { arbitraryCuts, byteByByte, cutAt, hex } from '../support/bytes.js';
import { expectCode } from '../support/errors.js';
import { open, seal } from './support/payloads.js';
import { payloadVector, payloadVectors, sha256, vectorKeys } from './support/vectors.js';

/** Lengths at and around the ends of blocks, and any others. */
const arbitraryLength = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(-1, 0, 1))
    .map(([blocks, off]) => blocks * 16 + off),
  fc.nat(700),
);

const arbitraryFile = arbitraryLength.chain((length) =>
  fc.tuple(fc.uint8Array({ minLength: length, maxLength: length }), arbitraryCuts(length)),
);

describe.each(backends)('on %s', (_name, backend) => {
  describe.each(payloadVectors)('a file of %s', (_size, vector) => {
    const { plaintext, iv, payload, payloadDigest, payloadLength } = vector;

    test('becomes the payload of the vectors', () => {
      const sealed = seal({ backend, pieces: [plaintext], iv });
      expect(sealed).toHaveLength(payloadLength);
      expect(sha256(sealed)).toBe(payloadDigest);
      if (payload) expect(hex(sealed)).toBe(hex(payload));
    });

    test('does so in pieces of any size', () => {
      fc.assert(
        fc.property(arbitraryCuts(plaintext.length), (cuts) => {
          const sealed = seal({ backend, pieces: cutAt(plaintext, cuts), iv });
          expect(sha256(sealed)).toBe(payloadDigest);
        }),
        { numRuns: plaintext.length > 10_000 ? 10 : 40 },
      );
    });

    test('does so byte by byte', () => {
      const pieces = byteByByte(plaintext.subarray(0, 5000));
      if (plaintext.length > 5000) pieces.push(plaintext.subarray(5000));
      expect(sha256(seal({ backend, pieces, iv }))).toBe(payloadDigest);
    });
  });

  function makeSealer(plaintextLength: number, iv = payloadVector(17).iv): V1PayloadSealer {
    return new V1PayloadSealer({ backend, keys: vectorKeys(), plaintextLength, iv });
  }

  test('says how long the payload will be before it has seen a byte', () => {
    for (const [, { plaintext, payloadLength }] of payloadVectors) {
      expect(makeSealer(plaintext.length).payloadLength).toBe(payloadLength);
    }
  });

  test('keeps no more than a block: everything else is given out at once', () => {
    const sealer = makeSealer(500);
    let given = 0;
    for (let fed = 1; fed <= 500; fed++) {
      for (const part of sealer.update(Uint8Array.of(fed & 255))) given += part.length;
      expect(given).toBe(16 + Math.floor(fed / 16) * 16);
    }
  });

  test('what it gave stays what it is when the buffer of the file is read into again', () => {
    const { plaintext, iv, payloadDigest } = payloadVector(4096);
    const sealer = makeSealer(plaintext.length, iv);
    const buffer = Buffer.alloc(1000);
    const parts: Uint8Array[] = [];
    for (let start = 0; start < plaintext.length; start += buffer.length) {
      const length = Buffer.from(plaintext).copy(buffer, 0, start);
      parts.push(...sealer.update(buffer.subarray(0, length)));
      buffer.fill(0xee);
    }
    expect(sha256(...parts, ...sealer.final())).toBe(payloadDigest);
  });

  test('the keys may be wiped as soon as it is made', () => {
    const { plaintext, iv, payload } = payloadVector(17);
    const keys = vectorKeys();
    const sealer = new V1PayloadSealer({ backend, keys, plaintextLength: 17, iv });
    wipe(keys.encryption, keys.authentication);
    const sealed = concatBytes(...sealer.update(plaintext), ...sealer.final());
    expect(hex(sealed)).toBe(hex(payload));
  });

  test('more than was announced is refused, and nothing of it goes out', () => {
    const sealer = makeSealer(16);
    expectCode('misuse', () => sealer.update(new Uint8Array(17)));
    sealer.update(new Uint8Array(16));
    expectCode('misuse', () => sealer.update(Uint8Array.of(0)));
    expectCode('misuse', () => makeSealer(0).update(Uint8Array.of(0)));
  });

  test('less than was announced is refused', () => {
    for (const [announced, given] of [
      [1, 0],
      [16, 15],
      [17, 16],
      [4096, 0],
    ] as const) {
      const sealer = makeSealer(announced);
      sealer.update(new Uint8Array(given));
      expectCode('misuse', () => sealer.final());
    }
  });

  test('a file that grew while it was read is not sealed as the part that was', () => {
    // 5 bytes and 10 have payloads of one length: with a tag, the 5 would be taken for the file.
    const sealer = makeSealer(10);
    sealer.update(new Uint8Array(5));
    expectCode('misuse', () => sealer.update(new Uint8Array(6)));
    expectCode('misuse', () => sealer.final());
  });

  test('a refused piece leaves everything as it was', () => {
    const { plaintext, iv, payload } = payloadVector(17);
    const sealer = makeSealer(17, iv);
    const parts = sealer.update(plaintext.subarray(0, 10));
    expectCode('misuse', () => sealer.update(plaintext.subarray(0, 8)));
    expectCode('misuse', () => sealer.final());
    parts.push(...sealer.update(plaintext.subarray(10)));
    expect(hex(concatBytes(...parts, ...sealer.final()))).toBe(hex(payload));
  });

  test.each([NaN, -1, 0.5, Infinity])('a file of %d bytes has no payload', (plaintextLength) => {
    expectCode('misuse', () => makeSealer(plaintextLength).final());
  });

  test.each([0, 12, 15, 17, 32])('an IV of %d bytes is refused', (length) => {
    expectCode('bad-key', () => makeSealer(1, new Uint8Array(length)));
  });

  test('no two payloads begin alike', () => {
    const payloads = Array.from({ length: 50 }, () => seal({ backend, pieces: [] }));
    expect(new Set(payloads.map((payload) => hex(payload.subarray(0, 16)))).size).toBe(50);
    expect(new Set(payloads.map((payload) => hex(payload.subarray(16, 32)))).size).toBe(50);
  });
});

describe.each(backendPairs)('%s seals, %s opens', (_one, _other, one, other) => {
  test('files of all sizes, both in pieces of any size', () => {
    fc.assert(
      fc.property(arbitraryFile, arbitraryCuts(800), ([file, cuts], payloadCuts) => {
        const payload = seal({ backend: one, pieces: cutAt(file, cuts) });
        const opened = open({ backend: other, pieces: cutAt(payload, payloadCuts) });
        expect(hex(opened)).toBe(hex(file));
      }),
      { numRuns: 100 },
    );
  });

  test('the same bytes, where the IV is the same', () => {
    fc.assert(
      fc.property(
        arbitraryFile,
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        ([file, cuts], iv) => {
          const pieces = cutAt(file, cuts);
          expect(hex(seal({ backend: one, pieces, iv }))).toBe(
            hex(seal({ backend: other, pieces: [file], iv })),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});
