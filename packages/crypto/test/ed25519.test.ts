import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { nobleBackend } from '../src/backends/noble/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { backendPairs, backends } from './support/backends.js';
import { arbitraryBytes, arbitraryKey, flipBit, hex } from './support/bytes.js';
import { expectCode } from './support/errors.js';
import { namedVectors } from './support/vectors.js';

describe.each(backends)('%s', (_name, { ed25519 }) => {
  test.each(namedVectors('ed25519'))('RFC 8032, %s', (_comment, vector) => {
    const key = ed25519.fromSeed(vector.bytes('seed'));
    const message = vector.bytes('message');
    expect(hex(key.publicKey)).toBe(vector.text('publicKey'));
    expect(hex(key.sign(message))).toBe(vector.text('signature'));
    expect(ed25519.verify(key.publicKey, message, vector.bytes('signature'))).toBe(true);
  });

  const edgeCases = namedVectors('ed25519-edge-cases').map(
    ([comment, vector]) => [vector.flag('valid') ? 'takes' : 'refuses', comment, vector] as const,
  );

  test.each(edgeCases)('%s a signature: %s', (_verdict, _comment, vector) => {
    const verdict = ed25519.verify(
      vector.bytes('publicKey'),
      vector.bytes('message'),
      vector.bytes('signature'),
    );
    expect(verdict).toBe(vector.flag('valid'));
  });

  test('refuses signatures and keys of another length, and seeds', () => {
    const key = ed25519.fromSeed(new Uint8Array(32).fill(3));
    const message = new Uint8Array(5);
    const signature = key.sign(message);
    const longer = new Uint8Array(65);
    longer.set(signature);
    expect(ed25519.verify(key.publicKey, message, signature)).toBe(true);
    expect(ed25519.verify(key.publicKey, message, longer)).toBe(false);
    expect(ed25519.verify(key.publicKey, message, signature.subarray(0, 63))).toBe(false);
    expect(ed25519.verify(key.publicKey, message, new Uint8Array(0))).toBe(false);
    expect(ed25519.verify(key.publicKey, message, new Uint8Array(64))).toBe(false);
    expect(ed25519.verify(key.publicKey.subarray(0, 31), message, signature)).toBe(false);
    expect(ed25519.verify(new Uint8Array(0), message, signature)).toBe(false);
    expectCode('bad-key', () => ed25519.fromSeed(new Uint8Array(31)));
    expectCode('bad-key', () => ed25519.fromSeed(new Uint8Array(64)));
  });

  test('many keys in any order verify what they signed, and nothing else', () => {
    const message = new Uint8Array(7);
    const keys = Array.from({ length: 150 }, (_, index) =>
      ed25519.fromSeed(new Uint8Array(32).fill(index)),
    );
    const signatures = keys.map((key) => key.sign(message));
    const verdict = (key: number, signature: number): boolean =>
      ed25519.verify(keys[key]!.publicKey, message, signatures[signature]!);
    const order = Array.from({ length: 400 }, (_, step) => (step * 67 + (step >> 3)) % 150);
    for (const index of [...order, 0, 0, 149, 0]) {
      expect(verdict(index, index)).toBe(true);
      expect(verdict(index, (index + 1) % 150)).toBe(false);
    }
  });

  test('a key whose array is overwritten afterwards is not taken for the new one', () => {
    const [one, other] = [7, 8].map((value) => ed25519.fromSeed(new Uint8Array(32).fill(value)));
    const message = new Uint8Array(4);
    const publicKey = Uint8Array.from(one!.publicKey);
    expect(ed25519.verify(publicKey, message, one!.sign(message))).toBe(true);
    publicKey.set(other!.publicKey);
    expect(ed25519.verify(publicKey, message, one!.sign(message))).toBe(false);
    expect(ed25519.verify(publicKey, message, other!.sign(message))).toBe(true);
    expect(ed25519.verify(one!.publicKey, message, one!.sign(message))).toBe(true);
  });

  test('a key stays what it was when the array that brought the seed is wiped', () => {
    const seed = new Uint8Array(32).fill(0x5a);
    const key = ed25519.fromSeed(seed);
    const message = new Uint8Array(3);
    const before = hex(key.sign(message));
    seed.fill(0);
    expect(hex(key.sign(message))).toBe(before);
    expect(ed25519.verify(key.publicKey, message, key.sign(message))).toBe(true);
  });
});

test.each(backendPairs)(
  '%s signs, %s verifies, and no flipped bit goes by',
  (_one, _other, one, other) => {
    fc.assert(
      fc.property(
        arbitraryKey,
        arbitraryBytes(80),
        fc.nat(511),
        fc.nat(255),
        (seed, message, signatureBit, keyBit) => {
          const key = one.ed25519.fromSeed(seed);
          const signature = key.sign(message);
          const { verify } = other.ed25519;
          expect(verify(key.publicKey, message, signature)).toBe(true);
          expect(verify(key.publicKey, message, flipBit(signature, signatureBit))).toBe(false);
          expect(verify(flipBit(key.publicKey, keyBit), message, signature)).toBe(false);
          expect(verify(key.publicKey, Uint8Array.of(...message, 0), signature)).toBe(false);
        },
      ),
      { numRuns: 12 },
    );
  },
);

test('both backends derive the same keys, sign alike, and judge garbage alike', () => {
  const garbage = fc.uint8Array({ minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(arbitraryKey, arbitraryBytes(80), garbage, (seed, message, signature) => {
      const node = nodeBackend.ed25519.fromSeed(seed);
      const noble = nobleBackend.ed25519.fromSeed(seed);
      expect(hex(node.publicKey)).toBe(hex(noble.publicKey));
      expect(hex(node.sign(message))).toBe(hex(noble.sign(message)));
      // The seed serves as a public key, on the curve or not.
      expect(nodeBackend.ed25519.verify(seed, message, signature)).toBe(
        nobleBackend.ed25519.verify(seed, message, signature),
      );
    }),
    { numRuns: 40 },
  );
});
