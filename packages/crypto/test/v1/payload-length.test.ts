import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { isV1PayloadLength, v1PayloadLength } from '../../src/index.js';
import { nodeBackend } from '../../src/backends/node/index.js';
import { seal } from './support/payloads.js';
import { payloadVectors } from './support/vectors.js';

test.each(payloadVectors)('the payload of %s is as long as in the vectors', (_name, vector) => {
  expect(v1PayloadLength(vector.plaintext.length)).toBe(vector.payloadLength);
});

test('is what sealing makes, and no other length is possible', () => {
  const possible = new Set<number>();
  for (let length = 0; length <= 200; length++) {
    const payload = seal({ backend: nodeBackend, pieces: [new Uint8Array(length)] });
    expect(v1PayloadLength(length)).toBe(payload.length);
    possible.add(payload.length);
  }
  for (let length = 0; length <= 256; length++) {
    expect([length, isV1PayloadLength(length)]).toEqual([length, possible.has(length)]);
  }
});

test('holds for files of every size that a peer can announce', () => {
  const size = fc.oneof(
    fc.nat(),
    fc.maxSafeNat().map((size) => Math.max(0, size - 64)),
  );
  fc.assert(
    fc.property(size, (plaintextLength) => {
      const length = v1PayloadLength(plaintextLength);
      const overhead = length - plaintextLength;
      expect(overhead).toBeGreaterThanOrEqual(16 + 1 + 32);
      expect(overhead).toBeLessThanOrEqual(16 + 16 + 32);
      expect(isV1PayloadLength(length)).toBe(true);
      for (let off = 1; off < 16; off++) expect(isV1PayloadLength(length - off)).toBe(false);
    }),
  );
});

test.each([NaN, Infinity, -Infinity, -1, -16, -64, 64.5, 0, 16, 48, 63])(
  '%d is the length of no payload',
  (length) => {
    expect(isV1PayloadLength(length)).toBe(false);
  },
);
