import type { CryptoBackend } from '../../src/index.js';
import { nobleBackend } from '../../src/backends/noble/index.js';
import { nodeBackend } from '../../src/backends/node/index.js';

/** Every implementation of the backend interface; each passes every test that takes a backend. */
export const backends: readonly (readonly [string, CryptoBackend])[] = [
  ['node', nodeBackend],
  ['noble', nobleBackend],
];

/** Every pair, in both orders and with itself: what one makes, the other takes. */
export const backendPairs: readonly (readonly [string, string, CryptoBackend, CryptoBackend])[] =
  backends.flatMap(([oneName, one]) =>
    backends.map(([otherName, other]) => [oneName, otherName, one, other] as const),
  );
