import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { concatBytes, V1PayloadOpener, wipe } from '../../src/index.js';
import { backends } from '../support/backends.js';
import { arbitraryCuts, byteByByte, cutAt, hex } from '../support/bytes.js';
import { expectCode } from '../support/errors.js';
import { feed, open, seal } from './support/payloads.js';
import { payloadVector, payloadVectors, sha256, vectorKeys } from './support/vectors.js';

describe.each(backends)('on %s', (_name, backend) => {
  describe.each(payloadVectors)('the payload of %s', (_size, vector) => {
    const { plaintext, iv, payloadDigest } = vector;
    const payload = vector.payload ?? seal({ backend, pieces: [plaintext], iv });

    test('is that of the vectors, and opens', () => {
      expect(sha256(payload)).toBe(payloadDigest);
      expect(sha256(open({ backend, pieces: [payload] }))).toBe(sha256(plaintext));
    });

    test('opens in pieces of any size', () => {
      fc.assert(
        fc.property(arbitraryCuts(payload.length), (cuts) => {
          const opened = open({ backend, pieces: cutAt(payload, cuts) });
          expect(sha256(opened)).toBe(sha256(plaintext));
        }),
        { numRuns: payload.length > 10_000 ? 10 : 40 },
      );
    });

    test('opens with a cut at every place around its parts', () => {
      const { length } = payload;
      const places = [1, 15, 16, 17, 31, 32, 33, length - 49, length - 48, length - 47];
      places.push(length - 33, length - 32, length - 31, length - 1);
      for (const first of places) {
        for (const second of places) {
          const opened = open({ backend, pieces: cutAt(payload, [first, second]) });
          expect(sha256(opened)).toBe(sha256(plaintext));
        }
      }
    });

    test('opens byte by byte', () => {
      const few = payload.subarray(0, 5000);
      const pieces = [...byteByByte(few), payload.subarray(few.length)];
      expect(sha256(open({ backend, pieces }))).toBe(sha256(plaintext));
    });
  });

  function makeOpener(payloadLength: number): V1PayloadOpener {
    return new V1PayloadOpener({ backend, keys: vectorKeys(), payloadLength });
  }

  test('says what is still to come', () => {
    const { payload } = payloadVector(17);
    const opener = makeOpener(payload.length);
    for (let fed = 0; fed < payload.length; fed++) {
      expect(opener.missing).toBe(payload.length - fed);
      opener.update(payload.subarray(fed, fed + 1));
    }
    expect(opener.missing).toBe(0);
  });

  test('gives plaintext as it comes: no more than a block waits', () => {
    const payload = seal({ backend, pieces: [new Uint8Array(500)] });
    const opener = makeOpener(payload.length);
    let given = 0;
    for (let fed = 1; fed <= payload.length; fed++) {
      given += opener.update(payload.subarray(fed - 1, fed)).length;
      const ciphertext = Math.min(Math.max(0, fed - 16), payload.length - 48);
      expect(ciphertext - given).toBeGreaterThanOrEqual(0);
      expect(ciphertext - given).toBeLessThanOrEqual(16);
    }
    expect(given + opener.final().length).toBe(500);
  });

  test('plaintext is in memory of its own', () => {
    const { plaintext, payload } = payloadVector(4096);
    const buffer = Buffer.alloc(1000);
    const opener = makeOpener(payload.length);
    const parts: Uint8Array[] = [];
    for (let start = 0; start < payload.length; start += buffer.length) {
      const length = Buffer.from(payload).copy(buffer, 0, start);
      const part = opener.update(buffer.subarray(0, length));
      buffer.fill(0xee);
      parts.push(part);
    }
    parts.push(opener.final());
    expect(hex(concatBytes(...parts))).toBe(hex(plaintext));
    for (const part of parts) expect(part.buffer).not.toBe(buffer.buffer);
  });

  test('writing to what it gave changes nothing of what follows', () => {
    const { plaintext, payload } = payloadVector(4096);
    const opener = makeOpener(payload.length);
    const copies: Uint8Array[] = [];
    for (const piece of cutAt(payload, [100, 200, 300, 2000, 2001])) {
      const part = opener.update(piece);
      copies.push(Uint8Array.from(part));
      part.fill(0xee);
    }
    expect(hex(concatBytes(...copies, opener.final()))).toBe(hex(plaintext));
  });

  test('the keys may be wiped as soon as it is made', () => {
    const { plaintext, payload } = payloadVector(17);
    const keys = vectorKeys();
    const opener = new V1PayloadOpener({ backend, keys, payloadLength: payload.length });
    wipe(keys.encryption, keys.authentication);
    const parts = cutAt(payload, [7, 40]).map((piece) => opener.update(piece));
    expect(hex(concatBytes(...parts, opener.final()))).toBe(hex(plaintext));
  });

  test('its own copy of a key is not that of the caller, which stays', () => {
    const { payload } = payloadVector(17);
    const keys = vectorKeys();
    open({ backend, pieces: [payload], keys });
    expect(keys).toEqual(vectorKeys());
  });

  test('bytes behind the payload are refused, and are not part of it', () => {
    const { plaintext, payload } = payloadVector(255);
    const { plaintext: first, opener } = feed({
      backend,
      pieces: [payload.subarray(0, 300)],
      payloadLength: payload.length,
    });
    expectCode('misuse', () => opener.update(concatBytes(payload.subarray(300), Uint8Array.of(0))));
    expect(opener.missing).toBe(4);
    const rest = opener.update(payload.subarray(300));
    expectCode('misuse', () => opener.update(Uint8Array.of(0)));
    expect(hex(concatBytes(first, rest, opener.final()))).toBe(hex(plaintext));
  });

  test('pieces of no bytes change nothing, wherever they come', () => {
    const { plaintext, payload } = payloadVector(17);
    const pieces = byteByByte(payload).flatMap((piece) => [new Uint8Array(0), piece]);
    pieces.push(new Uint8Array(0));
    expect(hex(open({ backend, pieces }))).toBe(hex(plaintext));
  });
});
