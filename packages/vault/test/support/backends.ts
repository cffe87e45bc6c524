import type { CryptoBackend } from '@e2eeftp/crypto';
import { nobleBackend } from '@e2eeftp/crypto/noble';
import { nodeBackend } from '@e2eeftp/crypto/node';

/** Every implementation of the primitives; what one makes, the other must take. */
export const backends: readonly (readonly [string, CryptoBackend])[] = [
  ['node', nodeBackend],
  ['noble', nobleBackend],
];
