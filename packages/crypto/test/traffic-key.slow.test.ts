import { expect, test } from '@jest/globals';

import { TrafficKey, type CryptoBackend } from '../src/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { expectCode } from './support/errors.js';

test('a key stops by itself after 2^24 records and an update, whatever its user allows', () => {
  const backend: CryptoBackend = {
    ...nodeBackend,
    aead: () => ({
      seal: () => [],
      open: () => new Uint8Array(0),
    }),
  };
  const key = new TrafficKey(backend, 1, new Uint8Array(32).fill(1));
  const header = new Uint8Array(4);
  const sealed = new Uint8Array(16);
  for (let record = 0; record <= 2 ** 24; record++) key.open(header, sealed);
  expect(key.records).toBe(2 ** 24 + 1);
  expectCode('key-exhausted', () => key.open(header, sealed));
  expectCode('key-exhausted', () => key.seal(header, [], 0));
  expect(key.next().records).toBe(0);
}, 120_000);
