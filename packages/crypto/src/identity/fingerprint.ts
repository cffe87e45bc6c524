import { base32 } from '@scure/base';

import { defaultBackend } from '#default-backend';

import type { CryptoBackend } from '../backend.js';
import { labels, sizes } from '../labels.js';
import { expectLength } from '../lengths.js';

const characters = 20;
const groupLength = 5;

/**
 * Gives an identity's fingerprint: short enough to be read to someone over the telephone, long
 * enough (100 bits) that nobody makes a key with somebody else's.
 *
 * @param publicKey - the identity, 32 bytes
 * @param backend - the primitives to use
 * @returns four groups of five base32 characters, such as `MFRGG-ZDFMZ-TWQ2L-KNNWG`
 * @throws CryptoError `bad-key` when there are not 32 bytes
 */
export function fingerprint(
  publicKey: Uint8Array,
  backend: CryptoBackend = defaultBackend,
): string {
  expectLength('An identity', publicKey, sizes.ed25519PublicKey);
  const digest = backend.sha256(labels.fingerprint, publicKey);
  const text = base32.encode(digest).slice(0, characters);
  const groups: string[] = [];
  for (let start = 0; start < characters; start += groupLength) {
    groups.push(text.slice(start, start + groupLength));
  }
  return groups.join('-');
}

/**
 * Brings a fingerprint that a person typed or pasted into the form that {@link fingerprint} gives.
 *
 * @param text - in any case, with or without hyphens and blanks
 * @returns the usual form, or `undefined` when it is not a fingerprint
 */
export function normalizeFingerprint(text: string): string | undefined {
  const plain = text.replaceAll(/[\s-]/gu, '').toUpperCase();
  if (!/^[A-Z2-7]{20}$/u.test(plain)) return undefined;
  return plain.replaceAll(/(.{5})(?=.)/gu, '$1-');
}
