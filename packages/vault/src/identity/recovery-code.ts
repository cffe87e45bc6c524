import {
  defaultBackend,
  equalBytes,
  Identity,
  utf8,
  wipe,
  type CryptoBackend,
} from '@e2eeftp/crypto';
import { base32 } from '@scure/base';

import { VaultError } from '../errors.js';
import { labels } from '../labels.js';

const seedLength = 32;

/** With 3 bytes behind the seed, base32 comes out even: 56 characters without padding. */
const checkLength = 3;
const characters = 56;
const groupLength = 7;

/**
 * Writes down the one secret from which a person regains everything: his identity, his `home`, and
 * every vault that he is a member of.
 *
 * @param identity - the person
 * @param backend - the primitives to use
 * @returns eight groups of seven base32 characters, to be printed and locked away; whoever reads
 *   them is that person
 */
export function formatRecoveryCode(
  identity: Identity,
  backend: CryptoBackend = defaultBackend,
): string {
  const bytes = new Uint8Array(seedLength + checkLength);
  const seed = identity.exportSeed();
  bytes.set(seed);
  bytes.set(check(seed, backend), seedLength);
  const text = base32.encode(bytes);
  wipe(seed, bytes);
  const groups: string[] = [];
  for (let start = 0; start < characters; start += groupLength) {
    groups.push(text.slice(start, start + groupLength));
  }
  return groups.join('-');
}

/**
 * Reads a recovery code that a person typed.
 *
 * @param text - in any case, with or without hyphens and blanks
 * @param backend - the primitives to use
 * @returns the identity that it stands for
 * @throws VaultError `malformed` when a character is wrong or missing
 */
export function parseRecoveryCode(text: string, backend: CryptoBackend = defaultBackend): Identity {
  const plain = text.replaceAll(/[\s-]/gu, '').toUpperCase();
  if (!/^[A-Z2-7]{56}$/u.test(plain)) {
    throw unreadable(`must have ${characters} characters, letters A to Z and digits 2 to 7`);
  }
  const bytes = base32.decode(plain);
  const seed = bytes.slice(0, seedLength);
  try {
    if (!equalBytes(check(seed, backend), bytes.subarray(seedLength))) {
      throw unreadable('contains a wrong character');
    }
    return new Identity(seed, backend);
  } finally {
    wipe(bytes, seed);
  }
}

/** A slip of the pen makes another seed, and so somebody whom nobody knows. */
function check(seed: Uint8Array, backend: CryptoBackend): Uint8Array {
  return backend.sha256(utf8(labels.recovery), seed).subarray(0, checkLength);
}

function unreadable(reason: string): VaultError {
  return new VaultError('malformed', `The recovery code ${reason}; compare it with the paper`);
}
