import { shake128 } from '@noble/hashes/sha3.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, test } from '@jest/globals';

import { backendPairs, backends } from './support/backends.js';
import { flipBit, hex } from './support/bytes.js';
import { expectCode } from './support/errors.js';
import { namedVectors, vectorFile } from './support/vectors.js';

test.each(namedVectors('ml-kem-768'))('FIPS 203 in the library, %s', (_comment, vector) => {
  const stream = shake128.create({});
  const seen = shake128.create({ dkLen: 32 });
  for (let round = 0; round < vector.number('rounds'); round++) {
    const { publicKey, secretKey } = ml_kem768.keygen(stream.xof(64));
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, stream.xof(32));
    expect(hex(ml_kem768.decapsulate(cipherText, secretKey))).toBe(hex(sharedSecret));
    const rejected = ml_kem768.decapsulate(stream.xof(1088), secretKey);
    seen.update(publicKey).update(cipherText).update(sharedSecret).update(rejected);
  }
  expect(hex(seen.digest())).toBe(vector.text('digest'));
});

test('the library gives the values of the handshake vectors', () => {
  for (const vector of vectorFile('v2').children('handshakes')) {
    const { publicKey, secretKey } = ml_kem768.keygen(vector.bytes('mlkem_keygen_seed'));
    const clientHello = vector.bytes('ClientHello');
    expect(hex(publicKey)).toBe(hex(clientHello.slice(-1184)));
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(
      publicKey,
      vector.bytes('mlkem_encapsulation_randomness'),
    );
    expect(hex(cipherText)).toBe(hex(vector.bytes('ServerHello').slice(-1088)));
    expect(hex(sharedSecret)).toBe(vector.text('mlkem_shared_secret'));
    expect(hex(ml_kem768.decapsulate(cipherText, secretKey))).toBe(hex(sharedSecret));
  }
});

describe.each(backends)('%s', (_name, { mlKem768 }) => {
  test('refuses keys and ciphertexts of another length', () => {
    const pair = mlKem768.generate();
    for (const length of [0, 800, 1183, 1185, 1568]) {
      expectCode('bad-key', () => mlKem768.encapsulate(new Uint8Array(length)));
    }
    for (const length of [0, 768, 1087, 1089, 1568]) {
      expectCode('bad-key', () => pair.decapsulate(new Uint8Array(length)));
    }
  });

  // FIPS 203, section 7.2: a coefficient of 3329 or more has a second, reduced spelling.
  test.each([
    ['first', 0],
    ['in the middle', 384],
    ['last', 767],
  ])('refuses a key that is not reduced, the %s coefficient', (_where, coefficient) => {
    const { encapsulationKey } = mlKem768.generate();
    for (const value of [3329, 3330, 4095]) {
      expectCode('bad-key', () =>
        mlKem768.encapsulate(withCoefficient(encapsulationKey, coefficient, value)),
      );
    }
    const reduced = withCoefficient(encapsulationKey, coefficient, 3328);
    expect(mlKem768.encapsulate(reduced).ciphertext).toHaveLength(1088);
  });

  test('keys, ciphertexts and secrets are new each time', () => {
    const pair = mlKem768.generate();
    expect(hex(pair.encapsulationKey)).not.toBe(hex(mlKem768.generate().encapsulationKey));
    const one = mlKem768.encapsulate(pair.encapsulationKey);
    const other = mlKem768.encapsulate(pair.encapsulationKey);
    expect(hex(one.ciphertext)).not.toBe(hex(other.ciphertext));
    expect(hex(one.sharedSecret)).not.toBe(hex(other.sharedSecret));
  });
});

describe.each(backendPairs)('%s owns the key, %s encapsulates', (_one, _other, one, other) => {
  test('both find the same secret, and a forged ciphertext gives an unrelated one', () => {
    const pair = one.mlKem768.generate();
    expect(pair.encapsulationKey).toHaveLength(1184);
    const { ciphertext, sharedSecret } = other.mlKem768.encapsulate(pair.encapsulationKey);
    expect(sharedSecret).toHaveLength(32);
    expect(hex(pair.decapsulate(ciphertext))).toBe(hex(sharedSecret));
    const forged = flipBit(ciphertext, 4000);
    const rejected = pair.decapsulate(forged);
    expect(rejected).toHaveLength(32);
    expect(hex(rejected)).not.toBe(hex(sharedSecret));
    expect(hex(pair.decapsulate(forged))).toBe(hex(rejected));
  });
});

/** Two coefficients of 12 bits share three bytes (FIPS 203, algorithm 5). */
function withCoefficient(key: Uint8Array, index: number, value: number): Uint8Array {
  const changed = Uint8Array.from(key);
  const start = Math.floor(index / 2) * 3;
  const [low, middle, high] = changed.subarray(start, start + 3) as Uint8Array & number[];
  const bytes =
    index % 2 === 0
      ? [value & 0xff, ((middle as number) & 0xf0) | (value >> 8), high as number]
      : [low as number, ((middle as number) & 0x0f) | ((value & 0x0f) << 4), value >> 4];
  changed.set(bytes, start);
  return changed;
}
