import { describe, expect, test } from '@jest/globals';

import {
  encodeV1Hello,
  Identity,
  openV1Hello,
  V1Handshake,
  type CryptoBackend,
  type V1Hello,
} from '../../src/index.js';
import { nobleBackend } from '../../src/backends/noble/index.js';
import { nodeBackend } from '../../src/backends/node/index.js';
import { backendPairs, backends } from '../support/backends.js';
import { hex, unhex } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import { namedVectors } from '../support/vectors.js';
import { namedBytes, v1, vectorKeys } from './support/vectors.js';

const basePoint = Uint8Array.of(9, ...new Uint8Array(31));

/** A side of the vectors' handshake. */
function vectorSide(name: 'client' | 'server' | 'stranger', backend: CryptoBackend): V1Handshake {
  const party = v1.child(name);
  return new V1Handshake({
    backend,
    identity: new Identity(party.bytes('identity_seed'), backend),
    ephemeral: backend.x25519.fromPrivateKey(party.bytes('ephemeral_private')),
  });
}

function freshSide(backend: CryptoBackend): V1Handshake {
  return new V1Handshake({ backend, identity: Identity.generate(backend) });
}

describe.each(backends)('on %s', (_name, backend) => {
  test.each(['client', 'server', 'stranger'] as const)(
    'the %s says what the vectors say',
    (name) => {
      expect(hex(vectorSide(name, backend).hello)).toBe(v1.child(name).text('handshake_message'));
    },
  );

  test.each([
    ['client', 'server'],
    ['server', 'client'],
  ] as const)('the %s finds the keys of the vectors', (mine, theirs) => {
    const peer = openV1Hello(backend, v1.child(theirs).bytes('handshake_message'));
    const keys = vectorSide(mine, backend).agree(peer);
    expect(hex(keys.encryption)).toBe(hex(vectorKeys().encryption));
    expect(hex(keys.authentication)).toBe(hex(vectorKeys().authentication));
  });

  test('a signed ephemeral key of zeros is refused when the keys are made', () => {
    const hello = namedBytes('rejected_client_hellos').find(
      ([name]) => name === 'all_zero_ephemeral_signed',
    )?.[1];
    const peer = openV1Hello(backend, hello!);
    expect(peer.ephemeral).toEqual(new Uint8Array(32));
    expectCode('bad-key', () => vectorSide('server', backend).agree(peer));
  });

  test.each(namedVectors('x25519-refused'))(
    'an ephemeral key of small order is refused: %s',
    (_u, vector) => {
      const hello = encodeV1Hello(Identity.generate(backend), vector.bytes('publicKey'));
      expectCode('bad-key', () => freshSide(backend).agree(openV1Hello(backend, hello)));
    },
  );

  test('keys are made once', () => {
    const peer = openV1Hello(backend, freshSide(backend).hello);
    const side = freshSide(backend);
    side.agree(peer);
    expectCode('misuse', () => side.agree(peer));
  });

  test('a refused peer ends the handshake too', () => {
    const honest = openV1Hello(backend, freshSide(backend).hello);
    const side = freshSide(backend);
    expectCode('bad-key', () => side.agree({ ...honest, ephemeral: new Uint8Array(32) }));
    expectCode('misuse', () => side.agree(honest));
  });

  test.each([0, 31, 33])('an ephemeral key of %d bytes is refused', (length) => {
    const peer = { identity: new Uint8Array(32), ephemeral: new Uint8Array(length).fill(9) };
    expectCode('bad-key', () => freshSide(backend).agree(peer));
  });

  test('a handshake that is given up makes no keys', () => {
    const peer = openV1Hello(backend, freshSide(backend).hello);
    const side = freshSide(backend);
    side.dispose();
    side.dispose();
    expectCode('misuse', () => side.agree(peer));
  });

  test('every handshake has an ephemeral key of its own', () => {
    const identity = Identity.generate(backend);
    const ephemerals = Array.from({ length: 20 }, () =>
      hex(openV1Hello(backend, new V1Handshake({ backend, identity }).hello).ephemeral),
    );
    expect(new Set(ephemerals).size).toBe(20);
  });

  test('keys of different connections, and of one, differ', () => {
    const peer = freshSide(backend);
    const all = [freshSide(backend), freshSide(backend)].flatMap((side) => {
      const { encryption, authentication } = side.agree(openV1Hello(backend, peer.hello));
      return [hex(encryption), hex(authentication)];
    });
    expect(new Set(all).size).toBe(4);
    for (const key of all) expect(key).toHaveLength(64);
  });

  test('a reflected hello names its reader, and without its secret leads nowhere', () => {
    const identity = Identity.generate(backend);
    const side = new V1Handshake({ backend, identity });
    const reflected = openV1Hello(backend, side.hello);
    // So a side that knows whom it expects refuses it.
    expect(hex(reflected.identity)).toBe(hex(identity.publicKey));
    // Nobody else has these keys: the attacker would need the private key to one of the two.
    const keys = side.agree(reflected);
    const others = freshSide(backend).agree(reflected);
    expect(hex(keys.encryption)).not.toBe(hex(others.encryption));
  });

  test('the keys do not depend on who the sides are, which is why each must check', () => {
    const peer = openV1Hello(backend, v1.child('server').bytes('handshake_message'));
    const impostor: V1Hello = { ...peer, identity: new Uint8Array(32).fill(1) };
    const keys = vectorSide('client', backend).agree(impostor);
    expect(hex(keys.encryption)).toBe(hex(vectorKeys().encryption));
  });
});

test.each(backendPairs)('%s and %s agree', (_one, _other, one, other) => {
  for (let round = 0; round < 5; round++) {
    const [client, server] = [freshSide(one), freshSide(other)];
    const [clientHello, serverHello] = [client.hello, server.hello];
    const atServer = server.agree(openV1Hello(other, clientHello));
    const atClient = client.agree(openV1Hello(one, serverHello));
    expect(hex(atClient.encryption)).toBe(hex(atServer.encryption));
    expect(hex(atClient.authentication)).toBe(hex(atServer.authentication));
  }
});

describe('secrets are wiped', () => {
  const wipedPair = nobleBackend.x25519.fromPrivateKey(new Uint8Array(32)).agree(basePoint);

  /** A backend that keeps what it computes in a handshake, for a look at it afterwards. */
  function capturing(): { backend: CryptoBackend; secrets: Uint8Array[]; prks: Uint8Array[] } {
    const [secrets, prks]: [Uint8Array[], Uint8Array[]] = [[], []];
    const noted = (list: Uint8Array[], value: Uint8Array): Uint8Array => {
      list.push(value);
      return value;
    };
    const backend: CryptoBackend = {
      ...nobleBackend,
      // Without a salt, the key of HKDF's first step is 32 zeros.
      hmacSha256: (key, ...parts) => {
        const digest = nobleBackend.hmacSha256(key, ...parts);
        return key.every((byte) => byte === 0) ? noted(prks, digest) : digest;
      },
      x25519: {
        ...nobleBackend.x25519,
        generate() {
          const pair = nobleBackend.x25519.generate();
          return {
            ...pair,
            publicKey: pair.publicKey,
            agree: (peer) => noted(secrets, pair.agree(peer)),
          };
        },
      },
    };
    return { backend, secrets, prks };
  }

  test('the shared secret, and what the keys come from', () => {
    const { backend, secrets, prks } = capturing();
    const peer = openV1Hello(nodeBackend, freshSide(nodeBackend).hello);
    const { encryption, authentication } = freshSide(backend).agree(peer);
    expect([secrets.length, prks.length]).toEqual([1, 1]);
    for (const secret of [...secrets, ...prks]) expect(secret).toEqual(new Uint8Array(32));
    for (const key of [encryption, authentication]) expect(key).not.toEqual(new Uint8Array(32));
  });

  test.each([
    ['after agreement', basePoint],
    ['after a refusal', new Uint8Array(32)],
    ['when it is given up', undefined],
  ])('the ephemeral private key, %s', (_when, peerKey) => {
    const ephemeral = nobleBackend.x25519.generate();
    expect(ephemeral.agree(basePoint)).not.toEqual(wipedPair);
    const side = new V1Handshake({
      backend: nobleBackend,
      identity: new Identity(unhex('0b'.repeat(32))),
      ephemeral,
    });
    if (peerKey) errorOf(() => side.agree({ identity: new Uint8Array(32), ephemeral: peerKey }));
    else side.dispose();
    expect(ephemeral.agree(basePoint)).toEqual(wipedPair);
  });

  test('each key has memory of its own, so that wiping one leaves the other', () => {
    const side = freshSide(nodeBackend);
    const keys = side.agree(openV1Hello(nodeBackend, freshSide(nodeBackend).hello));
    expect(keys.encryption.buffer).not.toBe(keys.authentication.buffer);
    expect(keys.encryption.buffer.byteLength).toBe(32);
    expect(keys.authentication.buffer.byteLength).toBe(32);
  });
});
