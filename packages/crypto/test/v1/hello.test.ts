import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  concatBytes,
  encodeV1Hello,
  Identity,
  openV1Hello,
  v1HelloLength,
  v1HelloPrefix,
  type CryptoBackend,
} from '../../src/index.js';
import { nodeBackend } from '../../src/backends/node/index.js';
import { backendPairs, backends } from '../support/backends.js';
import { arbitraryKey, flipBit, hex, unhex } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import { namedBytes, v1 } from './support/vectors.js';

const parties = ['server', 'client', 'stranger'] as const;
const rejected = namedBytes('rejected_client_hellos');

/** How each of the vectors' hellos is refused; `undefined` for what its signature does not show. */
const verdicts: Readonly<Record<string, string | undefined>> = {
  signature_bit_flipped: 'authentication-failed',
  ephemeral_bit_flipped: 'authentication-failed',
  unknown_identity: undefined,
  length_says_4_GiB: 'bad-message',
  length_says_zero: 'bad-message',
  all_zero_ephemeral_signed: undefined,
};

function honestHello(backend: CryptoBackend): Uint8Array {
  return encodeV1Hello(Identity.generate(backend), backend.x25519.generate().publicKey);
}

describe.each(backends)('on %s', (_name, backend) => {
  test.each(parties)('the hello of the %s is that of the vectors', (name) => {
    const party = v1.child(name);
    const identity = new Identity(party.bytes('identity_seed'), backend);
    const hello = encodeV1Hello(identity, party.bytes('ephemeral_public'));
    expect(hex(hello)).toBe(party.text('handshake_message'));
    const opened = openV1Hello(backend, hello);
    expect(hex(opened.ephemeral)).toBe(party.text('ephemeral_public'));
    expect(hex(opened.identity)).toBe(party.text('identity_public'));
  });

  test.each(rejected)('the hello of the vectors with %s', (name, hello) => {
    expect(Object.keys(verdicts)).toContain(name);
    expect(errorOf(() => openV1Hello(backend, hello))?.code).toBe(verdicts[name]);
  });

  test('whose hello is whole is for the caller to judge', () => {
    const unknown = rejected.find(([name]) => name === 'unknown_identity')?.[1];
    const { identity } = openV1Hello(backend, unknown!);
    expect(hex(identity)).toBe(v1.child('stranger').text('identity_public'));
  });

  test('every length but the one is refused', () => {
    const hello = honestHello(backend);
    const longer = concatBytes(hello, new Uint8Array(200));
    for (let length = 0; length <= longer.length; length++) {
      if (length === v1HelloLength) continue;
      expectCode('bad-message', () => openV1Hello(backend, longer.subarray(0, length)));
    }
  });

  test('a hello is refused with any bit of its length changed', () => {
    const hello = honestHello(backend);
    for (let bit = 0; bit < v1HelloPrefix.length * 8; bit++) {
      expectCode('bad-message', () => openV1Hello(backend, flipBit(hello, bit)));
    }
  });

  test('an identity that anybody can sign for is refused', () => {
    // With the neutral element as the key, the base point and 1 sign every message.
    const neutral = Uint8Array.of(1, ...new Uint8Array(31));
    const signature = unhex(`58${'66'.repeat(31)}01${'00'.repeat(31)}`);
    const ephemeral = backend.x25519.generate().publicKey;
    const hello = concatBytes(Uint8Array.from(v1HelloPrefix), ephemeral, neutral, signature);
    expectCode('authentication-failed', () => openV1Hello(backend, hello));
  });

  test('what was read stays what it is when its buffer is read into again', () => {
    const party = v1.child('client');
    // Buffer.slice, other than that of a Uint8Array, gives a view.
    const received = Buffer.from(party.bytes('handshake_message'));
    const { ephemeral, identity } = openV1Hello(backend, received);
    received.fill(0xee);
    expect(hex(ephemeral)).toBe(party.text('ephemeral_public'));
    expect(hex(identity)).toBe(party.text('identity_public'));
  });

  test('a part of a larger buffer is read as well', () => {
    const hello = v1.child('client').bytes('handshake_message');
    const padded = concatBytes(new Uint8Array(7), hello, new Uint8Array(9));
    const { identity } = openV1Hello(backend, padded.subarray(7, 7 + v1HelloLength));
    expect(hex(identity)).toBe(v1.child('client').text('identity_public'));
  });
});

test('every hello that has to be refused was looked at', () => {
  expect(rejected.map(([name]) => name).sort()).toEqual(Object.keys(verdicts).sort());
});

test('the length says 128, and the hello has as many bytes behind it', () => {
  expect(v1HelloPrefix).toEqual([0, 0, 0, 0x80]);
  expect(v1HelloLength).toBe(132);
  expect(honestHello(nodeBackend)).toHaveLength(v1HelloLength);
});

test('every single flipped bit behind the length is noticed', () => {
  const hello = honestHello(nodeBackend);
  for (let bit = v1HelloPrefix.length * 8; bit < v1HelloLength * 8; bit++) {
    const error = errorOf(() => openV1Hello(nodeBackend, flipBit(hello, bit)));
    expect([bit, error?.code]).toEqual([bit, 'authentication-failed']);
  }
});

test.each(backendPairs)(
  '%s and %s give the same verdict on a changed hello',
  (_o, _p, one, other) => {
    const hello = honestHello(one);
    const verdict = (backend: CryptoBackend, bytes: Uint8Array): string | undefined =>
      errorOf(() => openV1Hello(backend, bytes))?.code;
    fc.assert(
      fc.property(fc.nat(v1HelloLength * 8 - 1), (bit) => {
        const changed = flipBit(hello, bit);
        expect(verdict(other, changed)).toBe(verdict(one, changed));
        expect(verdict(other, changed)).toBeDefined();
      }),
      { numRuns: 30 },
    );
  },
);

test.each(backendPairs)('what %s says, %s understands', (_one, _other, one, other) => {
  fc.assert(
    fc.property(arbitraryKey, arbitraryKey, (seed, ephemeral) => {
      const identity = new Identity(seed, one);
      const opened = openV1Hello(other, encodeV1Hello(identity, ephemeral));
      expect(hex(opened.ephemeral)).toBe(hex(ephemeral));
      expect(hex(opened.identity)).toBe(hex(identity.publicKey));
    }),
    { numRuns: 20 },
  );
});

test('the signature says nothing of who should hear it, nor when', () => {
  // What a server has to remember ephemeral keys for.
  const [client, stranger] = [honestHello(nodeBackend), honestHello(nodeBackend)];
  expect(openV1Hello(nodeBackend, client)).toEqual(openV1Hello(nodeBackend, client));
  // But nobody can put a name to somebody else's ephemeral key, or a key under a name.
  const spliced = concatBytes(client.subarray(0, 36), stranger.subarray(36));
  expectCode('authentication-failed', () => openV1Hello(nodeBackend, spliced));
});
