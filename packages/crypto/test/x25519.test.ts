import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { nobleBackend } from '../src/backends/noble/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { backendPairs, backends } from './support/backends.js';
import { arbitraryKey, hex, unhex } from './support/bytes.js';
import { errorOf, expectCode } from './support/errors.js';
import { namedVectors } from './support/vectors.js';

const basePoint = unhex(`09${'00'.repeat(31)}`);

describe.each(backends)('%s', (_name, { x25519 }) => {
  test.each(namedVectors('x25519'))('RFC 7748, %s', (_comment, vector) => {
    let scalar = vector.bytes('scalar');
    let u = vector.bytes('u');
    for (let round = 0; round < vector.number('rounds'); round++) {
      const result = x25519.fromPrivateKey(scalar).agree(u);
      u = scalar;
      scalar = result;
    }
    expect(hex(scalar)).toBe(vector.text('result'));
  });

  test.each(namedVectors('x25519-refused'))('refuses %s', (_comment, vector) => {
    expectCode('bad-key', () => x25519.generate().agree(vector.bytes('publicKey')));
  });

  test.each([0, 31, 33, 64])('refuses keys of %d bytes', (length) => {
    expectCode('bad-key', () => x25519.generate().agree(new Uint8Array(length).fill(9)));
    expectCode('bad-key', () => x25519.fromPrivateKey(new Uint8Array(length).fill(9)));
  });

  test('a generated pair belongs together and is new each time', () => {
    const one = x25519.generate();
    const other = x25519.generate();
    expect(one.publicKey).toHaveLength(32);
    expect(hex(one.publicKey)).not.toBe(hex(other.publicKey));
    expect(hex(one.agree(other.publicKey))).toBe(hex(other.agree(one.publicKey)));
    const stored = x25519.fromPrivateKey(unhex('07'.repeat(32)));
    expect(hex(stored.publicKey)).toBe(hex(stored.agree(basePoint)));
  });

  test('a private key stays what it was when the array that brought it is wiped', () => {
    const bytes = unhex('5a'.repeat(32));
    const pair = x25519.fromPrivateKey(bytes);
    const before = hex(pair.agree(basePoint));
    bytes.fill(0);
    expect(hex(pair.agree(basePoint))).toBe(before);
  });
});

test.each(backendPairs)('%s agrees with %s', (_one, _other, one, other) => {
  const here = one.x25519.generate();
  const there = other.x25519.generate();
  expect(hex(here.agree(there.publicKey))).toBe(hex(there.agree(here.publicKey)));
});

test('both backends give the same answer for any key, reduced or not', () => {
  fc.assert(
    fc.property(arbitraryKey, arbitraryKey, (privateKey, publicKey) => {
      const [node, noble] = [nodeBackend, nobleBackend].map(({ x25519 }) => {
        const pair = x25519.fromPrivateKey(privateKey);
        let secret = 'refused';
        const error = errorOf(() => (secret = hex(pair.agree(publicKey))));
        return [hex(pair.publicKey), secret, error?.code];
      });
      expect(node).toEqual(noble);
    }),
    { numRuns: 60 },
  );
});
