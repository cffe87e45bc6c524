import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { concatBytes, type AeadKey, type AeadName } from '../src/index.js';
import { backendPairs, backends } from './support/backends.js';
import {
  arbitraryBytes,
  arbitraryCuts,
  arbitraryKey,
  byteByByte,
  cutAt,
  flipBit,
  hex,
} from './support/bytes.js';
import { expectCode } from './support/errors.js';
import { namedVectors } from './support/vectors.js';

const names: AeadName[] = ['aes-256-gcm', 'chacha20-poly1305'];
const arbitraryNonce = fc.uint8Array({ minLength: 12, maxLength: 12 });
const nothing = new Uint8Array(0);

interface Sealed {
  readonly nonce: Uint8Array;
  readonly associatedData: Uint8Array;
  readonly sealed: Uint8Array;
}

function open(key: AeadKey, { nonce, associatedData, sealed }: Sealed): string {
  return hex(key.open(nonce, associatedData, sealed));
}

describe.each(backends)('%s', (_name, backend) => {
  const vectors = names.flatMap((name) =>
    namedVectors(name).map(([comment, vector]) => [name, comment, vector] as const),
  );

  test.each(vectors)('%s, %s', (name, _comment, vector) => {
    const key = backend.aead(name, vector.bytes('key'));
    const nonce = vector.bytes('nonce');
    const associatedData = vector.bytes('associatedData');
    const sealed = concatBytes(...key.seal(nonce, associatedData, [vector.bytes('plaintext')]));
    expect(hex(sealed)).toBe(vector.text('ciphertext') + vector.text('tag'));
    expect(open(key, { nonce, associatedData, sealed })).toBe(vector.text('plaintext'));
  });

  test.each(names)('%s seals an empty message to a tag alone, and gives nothing for it', (name) => {
    const key = backend.aead(name, new Uint8Array(32));
    const nonce = new Uint8Array(12);
    const sealed = key.seal(nonce, nothing, []);
    expect(concatBytes(...sealed)).toHaveLength(16);
    expect(hex(concatBytes(...key.seal(nonce, nothing, [nothing, nothing])))).toBe(
      hex(concatBytes(...sealed)),
    );
    expect(key.open(nonce, nothing, concatBytes(...sealed))).toHaveLength(0);
  });

  test.each(names)('%s refuses keys, nonces and tags of another length', (name) => {
    for (const length of [0, 16, 31, 33]) {
      expectCode('bad-key', () => backend.aead(name, new Uint8Array(length)));
    }
    const key = backend.aead(name, new Uint8Array(32));
    for (const length of [0, 8, 11, 13, 16]) {
      const nonce = new Uint8Array(length);
      expectCode('bad-key', () => key.seal(nonce, nothing, []));
      expectCode('bad-key', () => key.open(nonce, nothing, new Uint8Array(16)));
    }
    const sealed = concatBytes(...key.seal(new Uint8Array(12), nothing, [nothing]));
    for (const tag of [
      nothing,
      sealed.slice(0, 4),
      sealed.slice(0, 15),
      Uint8Array.of(...sealed, 0),
    ]) {
      expectCode('authentication-failed', () => key.open(new Uint8Array(12), nothing, tag));
    }
  });

  test.each(names)('%s: the key may be wiped once it was handed over', (name) => {
    const bytes = new Uint8Array(32).fill(7);
    const key = backend.aead(name, bytes);
    const seal = (): string =>
      hex(concatBytes(...key.seal(new Uint8Array(12), nothing, [Uint8Array.of(1)])));
    const before = seal();
    bytes.fill(0);
    expect(seal()).toBe(before);
  });

  test.each(names)('%s gives a plaintext that stands in nobody else’s memory', (name) => {
    const key = backend.aead(name, new Uint8Array(32));
    const nonce = new Uint8Array(12);
    const sealed = concatBytes(...key.seal(nonce, nothing, [new Uint8Array(20_000).fill(1)]));
    const plaintext = key.open(nonce, nothing, sealed);
    sealed.fill(0xff);
    expect(plaintext.every((byte) => byte === 1)).toBe(true);
    expect(plaintext.buffer).not.toBe(sealed.buffer);
  });
});

describe.each(backendPairs)('%s seals, %s opens', (_one, _other, one, other) => {
  test.each(names)('%s, in any pieces; no flipped bit goes by', (name) => {
    fc.assert(
      fc.property(
        arbitraryKey,
        arbitraryNonce,
        arbitraryBytes(60),
        arbitraryBytes(400),
        arbitraryCuts(400),
        fc.nat(),
        (keyBytes, nonce, associatedData, plaintext, cuts, bit) => {
          const sealing = one.aead(name, keyBytes);
          const opening = other.aead(name, keyBytes);
          const sealed = concatBytes(
            ...sealing.seal(nonce, associatedData, cutAt(plaintext, cuts)),
          );
          expect(sealed).toHaveLength(plaintext.length + 16);
          expect(open(opening, { nonce, associatedData, sealed })).toBe(hex(plaintext));
          const bad = flipBit(sealed, bit % (sealed.length * 8));
          expectCode('authentication-failed', () =>
            open(opening, { nonce, associatedData, sealed: bad }),
          );
          const longer = Uint8Array.of(...associatedData, 0);
          expectCode('authentication-failed', () =>
            open(opening, { nonce, associatedData: longer, sealed }),
          );
          const otherNonce = flipBit(nonce, bit % 96);
          expectCode('authentication-failed', () =>
            open(opening, { nonce: otherNonce, associatedData, sealed }),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each(names)('%s, sealed byte by byte', (name) => {
    const sealing = one.aead(name, new Uint8Array(32).fill(9));
    const plaintext = one.randomBytes(1000);
    const nonce = one.randomBytes(12);
    const sealed = concatBytes(...sealing.seal(nonce, nothing, byteByByte(plaintext)));
    const opening = other.aead(name, new Uint8Array(32).fill(9));
    expect(hex(opening.open(nonce, nothing, sealed))).toBe(hex(plaintext));
  });
});
