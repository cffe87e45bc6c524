import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { concatBytes, type RunningCipher } from '../src/index.js';
import { nobleBackend } from '../src/backends/noble/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { backendPairs, backends } from './support/backends.js';
import {
  arbitraryBytes,
  arbitraryCuts,
  arbitraryKey,
  byteByByte,
  cutAt,
  hex,
} from './support/bytes.js';
import { errorOf, expectCode } from './support/errors.js';
import { namedVectors, vectorFile } from './support/vectors.js';

const arbitraryIv = fc.uint8Array({ minLength: 16, maxLength: 16 });

function run(cipher: RunningCipher, parts: readonly Uint8Array[]): Uint8Array {
  const output = parts.map((part) => Uint8Array.from(cipher.update(part)));
  return concatBytes(...output, cipher.final());
}

describe.each(backends)('%s', (_name, { aes256Cbc }) => {
  test.each(namedVectors('aes-256-cbc'))('SP 800-38A, %s', (_comment, vector) => {
    const [key, iv] = [vector.bytes('key'), vector.bytes('iv')];
    const ciphertext = run(aes256Cbc.encrypt(key, iv), [vector.bytes('plaintext')]);
    // The vector has no padding; ours adds a whole block of it behind.
    expect(hex(ciphertext.slice(0, -16))).toBe(vector.text('ciphertext'));
    expect(hex(run(aes256Cbc.decrypt(key, iv), [ciphertext]))).toBe(vector.text('plaintext'));
  });

  test('decrypts the payloads of the first protocol', () => {
    const file = vectorFile('v1');
    const payloads = file
      .children('payloads')
      .filter((each) => each.number('plaintext_length') < 10_000);
    expect(payloads.length).toBeGreaterThan(0);
    for (const payload of payloads) {
      const bytes = payload.bytes('payload');
      const cipher = aes256Cbc.decrypt(file.bytes('encryption_key'), bytes.slice(0, 16));
      expect(hex(run(cipher, [bytes.slice(16, -32)]))).toBe(payload.text('plaintext'));
    }
  });

  test('refuses keys and IVs of another length', () => {
    for (const direction of [aes256Cbc.encrypt, aes256Cbc.decrypt]) {
      for (const length of [0, 16, 31, 33]) {
        expectCode('bad-key', () => direction(new Uint8Array(length), new Uint8Array(16)));
      }
      for (const length of [0, 12, 15, 17]) {
        expectCode('bad-key', () => direction(new Uint8Array(32), new Uint8Array(length)));
      }
    }
  });

  test('key and IV may be wiped once they were handed over', () => {
    const [key, iv] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2)];
    const message = [new Uint8Array(50)];
    const expected = hex(run(aes256Cbc.encrypt(key.slice(), iv.slice()), message));
    const cipher = aes256Cbc.encrypt(key, iv);
    key.fill(0);
    iv.fill(0);
    expect(hex(run(cipher, message))).toBe(expected);
  });

  test.each([0, 1, 15, 17, 31])('refuses a ciphertext of %d bytes', (length) => {
    const cipher = aes256Cbc.decrypt(new Uint8Array(32), new Uint8Array(16));
    expectCode('authentication-failed', () => run(cipher, [new Uint8Array(length)]));
  });
});

describe.each(backendPairs)('%s encrypts, %s decrypts', (_one, _other, one, other) => {
  test('byte by byte, around whole blocks', () => {
    const [key, iv] = [one.randomBytes(32), one.randomBytes(16)];
    for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 100]) {
      const plaintext = one.randomBytes(length);
      const ciphertext = run(one.aes256Cbc.encrypt(key, iv), byteByByte(plaintext));
      expect(ciphertext).toHaveLength(16 * (Math.floor(length / 16) + 1));
      const back = run(other.aes256Cbc.decrypt(key, iv), byteByByte(ciphertext));
      expect(hex(back)).toBe(hex(plaintext));
    }
  });

  test('in any pieces', () => {
    fc.assert(
      fc.property(
        arbitraryKey,
        arbitraryIv,
        arbitraryBytes(300),
        arbitraryCuts(300),
        (key, iv, plaintext, cuts) => {
          const ciphertext = run(one.aes256Cbc.encrypt(key, iv), cutAt(plaintext, cuts));
          expect(hex(ciphertext)).toBe(hex(run(other.aes256Cbc.encrypt(key, iv), [plaintext])));
          const back = run(other.aes256Cbc.decrypt(key, iv), cutAt(ciphertext, cuts));
          expect(hex(back)).toBe(hex(plaintext));
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('both backends take the same ciphertexts, whatever the padding', () => {
  const [key, iv] = [new Uint8Array(32), new Uint8Array(16)];
  const arbitraryBlock = fc.tuple(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.integer({ min: 0, max: 18 }),
    fc.nat(16),
  );
  fc.assert(
    fc.property(arbitraryBlock, ([block, padding, count]) => {
      // An honest block, with a last byte and some of its predecessors that look like padding.
      block.fill(padding, 16 - count);
      const [node, noble] = [nodeBackend, nobleBackend].map(({ aes256Cbc }) => {
        const ciphertext = run(aes256Cbc.encrypt(key, iv), [block]).slice(0, 16);
        let plaintext = 'refused';
        const error = errorOf(
          () => (plaintext = hex(run(aes256Cbc.decrypt(key, iv), [ciphertext]))),
        );
        return [plaintext, error?.code];
      });
      expect(node).toEqual(noble);
    }),
    { numRuns: 400 },
  );
});
