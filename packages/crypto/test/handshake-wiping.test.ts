import { describe, expect, test } from '@jest/globals';

import {
  Identity,
  initiateHandshake,
  respondToHandshake,
  type CryptoBackend,
  type X25519KeyPair,
} from '../src/index.js';
import { nobleBackend } from '../src/backends/noble/index.js';

const basePoint = Uint8Array.of(9, ...new Uint8Array(31));

/** What a pair whose private key is all zeros agrees on. */
const wiped = nobleBackend.x25519.fromPrivateKey(new Uint8Array(32)).agree(basePoint);

function capturing(): { backend: CryptoBackend; pairs: X25519KeyPair[] } {
  const pairs: X25519KeyPair[] = [];
  const generate = (): X25519KeyPair => {
    const pair = nobleBackend.x25519.generate();
    pairs.push(pair);
    return pair;
  };
  return { backend: { ...nobleBackend, x25519: { ...nobleBackend.x25519, generate } }, pairs };
}

describe('ephemeral private keys are wiped', () => {
  test.each([true, false])('when the client accepts the server: %s', (accepts) => {
    const { backend, pairs } = capturing();
    const client = initiateHandshake({
      backend,
      identity: Identity.generate(backend),
      acceptServer: () => accepts,
    });
    const server = respondToHandshake({ backend, identity: Identity.generate(backend) });
    server.start();
    const { send } = server.receive(client.start());
    if (accepts) expect(client.receive(send).established).toBeDefined();
    else expect(() => client.receive(send)).toThrow('another identity');
    expect(pairs).toHaveLength(2);
    for (const pair of pairs) expect(pair.agree(basePoint)).toEqual(wiped);
  });
});
