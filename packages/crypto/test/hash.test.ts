import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { hkdf, hkdfExpand, hkdfExtract, type RunningDigest } from '../src/index.js';
import { nobleBackend } from '../src/backends/noble/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { backends } from './support/backends.js';
import { arbitraryBytes, arbitraryCuts, cutAt, hex } from './support/bytes.js';
import { expectCode } from './support/errors.js';
import { loadVectors, namedVectors } from './support/vectors.js';

function digestOf(running: RunningDigest, parts: readonly Uint8Array[]): string {
  for (const part of parts) running.update(part);
  return hex(running.digest());
}

describe.each(backends)('%s', (_name, backend) => {
  const sha256Vectors = loadVectors('sha256').map(
    (vector) => [vector.text('text').slice(0, 20), vector.number('repeat'), vector] as const,
  );

  test.each(sha256Vectors)('SHA-256 of "%s" times %d', (_text, repeat, vector) => {
    const message = Buffer.from(vector.text('text').repeat(repeat), 'ascii');
    expect(hex(backend.sha256(message))).toBe(vector.text('digest'));
    expect(digestOf(backend.createSha256(), [message])).toBe(vector.text('digest'));
  });

  // FIPS 202, of the message without a byte; the second is the beginning of the XOF's output.
  test('SHA3-256 and SHAKE256', () => {
    const nothing = new Uint8Array(0);
    expect(hex(backend.sha3(nothing))).toBe(
      'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a',
    );
    const whole = hex(backend.shake256(nothing, 96));
    expect(whole.slice(0, 64)).toBe(
      '46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f',
    );
    expect(hex(backend.shake256(nothing, 1))).toBe('46');
  });

  test('SHA3-256 and SHAKE256 are the same everywhere', () => {
    fc.assert(
      fc.property(arbitraryBytes(300), fc.integer({ min: 1, max: 500 }), (message, length) => {
        expect(hex(backend.sha3(message))).toBe(hex(nobleBackend.sha3(message)));
        expect(hex(backend.shake256(message, length))).toBe(
          hex(nobleBackend.shake256(message, length)),
        );
      }),
    );
  });

  test.each(namedVectors('hmac-sha256'))('HMAC-SHA-256, RFC 4231, %s', (_comment, vector) => {
    const key = vector.bytes('key');
    const message = vector.bytes('message');
    expect(hex(backend.hmacSha256(key, message))).toBe(vector.text('mac'));
    expect(digestOf(backend.createHmacSha256(key), [message])).toBe(vector.text('mac'));
  });

  test.each(namedVectors('hkdf-sha256'))('HKDF-SHA-256, RFC 5869, %s', (_comment, vector) => {
    const prk = hkdfExtract(backend, vector.bytes('salt'), vector.bytes('ikm'));
    expect(hex(prk)).toBe(vector.text('prk'));
    const info = vector.bytes('info');
    const length = vector.bytes('okm').length;
    expect(hex(hkdfExpand(backend, prk, info, length))).toBe(vector.text('okm'));
    const whole = hkdf(backend, vector.bytes('ikm'), vector.bytes('salt'), info, length);
    expect(hex(whole)).toBe(vector.text('okm'));
  });

  test('HKDF takes its label in parts, and gives as much as RFC 5869 allows and no more', () => {
    const ikm = backend.randomBytes(32);
    const none = new Uint8Array(0);
    const parts = [Uint8Array.of(1, 2), none, Uint8Array.of(3)];
    expect(hkdf(backend, ikm, none, parts, 40)).toEqual(
      hkdf(backend, ikm, none, Uint8Array.of(1, 2, 3), 40),
    );
    expect(hkdfExpand(backend, ikm, none, 8160)).toHaveLength(8160);
    expect(hkdfExpand(backend, ikm, none, 0)).toHaveLength(0);
    expectCode('misuse', () => hkdfExpand(backend, ikm, none, 8161));
  });

  test('however a message is cut, its digest is the same', () => {
    fc.assert(
      fc.property(
        arbitraryBytes(300),
        arbitraryBytes(200),
        arbitraryCuts(200),
        (key, message, cuts) => {
          const parts = cutAt(message, cuts);
          const digest = hex(backend.sha256(message));
          expect(hex(backend.sha256(...parts))).toBe(digest);
          expect(digestOf(backend.createSha256(), parts)).toBe(digest);
          const mac = hex(backend.hmacSha256(key, message));
          expect(hex(backend.hmacSha256(key, ...parts))).toBe(mac);
          expect(digestOf(backend.createHmacSha256(key), parts)).toBe(mac);
        },
      ),
    );
  });

  test('random bytes have the length asked for and differ', () => {
    expect(backend.randomBytes(0)).toHaveLength(0);
    const drawn = new Set(Array.from({ length: 100 }, () => hex(backend.randomBytes(16))));
    expect(drawn.size).toBe(100);
  });
});

test('both backends give the same digests', () => {
  fc.assert(
    fc.property(arbitraryBytes(300), arbitraryBytes(300), (key, message) => {
      expect(hex(nodeBackend.sha256(message))).toBe(hex(nobleBackend.sha256(message)));
      expect(hex(nodeBackend.hmacSha256(key, message))).toBe(
        hex(nobleBackend.hmacSha256(key, message)),
      );
    }),
  );
});
