import { createPublicKey, type KeyObject } from 'node:crypto';

import { fromDer } from './der.js';

/** SPKI around a raw Ed25519 key (RFC 8410, section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Members of a vault whose files one reads in turn; strangers who bring more make nothing grow. */
const capacity = 64;

/** By the raw key, the longest unused first. */
const known = new Map<string, KeyObject>();

/**
 * Imports a public key, or gives it as it was imported before: an import takes OpenSSL nearly
 * as long as a verification. Public keys are no secret, so they may stay in memory.
 *
 * @param publicKey - the raw key, 32 bytes, whose encoding was checked
 * @returns the key to verify with
 */
export function verifyingKey(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey).toString('latin1');
  const key = known.get(name) ?? createPublicKey(fromDer(spkiPrefix, publicKey, 'spki'));
  known.delete(name);
  known.set(name, key);
  if (known.size > capacity) {
    const [oldest] = known.keys();
    if (oldest !== undefined) known.delete(oldest);
  }
  return key;
}
