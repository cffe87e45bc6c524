import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { XWingKeyPair } from '../src/index.js';
import { backends } from './support/backends.js';
import { flipBit, hex, unhex } from './support/bytes.js';
import { expectCode } from './support/errors.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

// draft-connolly-cfrg-xwing-kem, the first of its test vectors.
const published = {
  seed: unhex('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26'),
  randomness: unhex(
    '3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2' +
      '35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2',
  ),
  sharedSecret: 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384',
};

describe.each(backends)('X-Wing on %s', (_name, backend) => {
  test('gives the shared secret of the published vector', () => {
    const pair = new XWingKeyPair(backend, published.seed);
    const { cipherText } = ml_kem768_x25519.encapsulate(pair.publicKey, published.randomness);
    expect(hex(pair.decapsulate(cipherText))).toBe(published.sharedSecret);
  });

  test('gives what another implementation does, for every seed', () => {
    fc.assert(
      fc.property(bytes(32), bytes(64), (seed, randomness) => {
        const pair = new XWingKeyPair(backend, seed);
        expect(hex(pair.publicKey)).toBe(hex(ml_kem768_x25519.getPublicKey(seed)));
        const made = ml_kem768_x25519.encapsulate(pair.publicKey, randomness);
        expect(hex(pair.decapsulate(made.cipherText))).toBe(hex(made.sharedSecret));
        pair.dispose();
      }),
      { numRuns: 10 },
    );
  });

  test('gives an unrelated secret for a ciphertext that was altered anywhere', () => {
    const pair = new XWingKeyPair(backend, published.seed);
    const { cipherText } = ml_kem768_x25519.encapsulate(pair.publicKey, published.randomness);
    // The highest bit of a point does not count, but what it was sent as does.
    for (const bit of [0, 4000, 8 * 1088 - 1, 8 * 1088, 8 * 1120 - 1]) {
      expect(hex(pair.decapsulate(flipBit(cipherText, bit)))).not.toBe(published.sharedSecret);
    }
  });

  test('refuses seeds and ciphertexts of another length, and points of small order', () => {
    const pair = new XWingKeyPair(backend, published.seed);
    for (const length of [0, 31, 33, 64]) {
      expectCode('bad-key', () => new XWingKeyPair(backend, new Uint8Array(length)));
    }
    for (const length of [0, 1088, 1119, 1121]) {
      expectCode('bad-key', () => pair.decapsulate(new Uint8Array(length)));
    }
    // Zeros are one.
    expectCode('bad-key', () => pair.decapsulate(new Uint8Array(1120)));
  });
});
