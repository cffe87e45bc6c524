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
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

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
 * @param text - in any case, with or without hyphens, blanks and line breaks
 * @param backend - the primitives to use
 * @returns the identity that it stands for
 * @throws VaultError `malformed` when a character is wrong or missing; it says in which group, as far
 *   as that can be known
 */
export function parseRecoveryCode(text: string, backend: CryptoBackend = defaultBackend): Identity {
  const groups = text.toUpperCase().split(/[\s-]+/u);
  const plain = groups.join('');
  if (!/^[A-Z2-7]{56}$/u.test(plain)) throw unreadable(reasonAgainst(groups.filter(Boolean)));
  const bytes = base32.decode(plain);
  const seed = bytes.slice(0, seedLength);
  try {
    if (isRight(bytes, backend)) return new Identity(seed, backend);
  } finally {
    wipe(bytes, seed);
  }
  const group = mistypedGroup(plain, backend);
  throw unreadable(
    group === undefined
      ? 'has several wrong characters'
      : `seems to have a wrong character in group ${group}`,
  );
}

/** A slip of the pen makes another seed, and so somebody whom nobody knows. */
function check(seed: Uint8Array, backend: CryptoBackend): Uint8Array {
  return backend.sha256(utf8(labels.recovery), seed).subarray(0, checkLength);
}

function isRight(bytes: Uint8Array, backend: CryptoBackend): boolean {
  return equalBytes(check(bytes.subarray(0, seedLength), backend), bytes.subarray(seedLength));
}

/** What the groups look like, without a word of what they say: they are secret. */
function reasonAgainst(groups: readonly string[]): string {
  const wrong = groups.findIndex((group) => !/^[A-Z2-7]*$/u.test(group));
  if (wrong !== -1) {
    return `has a character in group ${wrong + 1} that no code has: they are letters A to Z and digits 2 to 7`;
  }
  const uneven = groups.findIndex((group) => group.length !== groupLength);
  if (groups.length === characters / groupLength && uneven !== -1) {
    return `has ${groups[uneven]?.length} characters in group ${uneven + 1} instead of ${groupLength}`;
  }
  return `has ${groups.join('').length} characters instead of ${characters}`;
}

/**
 * Finds the one slip that makes the code right again: another character, or two that changed
 * places. Of codes with more than one, 1 in 10,000 is taken for such a one.
 */
function mistypedGroup(plain: string, backend: CryptoBackend): number | undefined {
  for (const [index, candidate] of slipsOf(plain)) {
    const bytes = base32.decode(candidate);
    const isFound = isRight(bytes, backend);
    wipe(bytes);
    if (isFound) return Math.floor(index / groupLength) + 1;
  }
  return undefined;
}

function* slipsOf(plain: string): Generator<readonly [index: number, candidate: string]> {
  for (let index = 0; index < characters; index++) {
    const before = plain.slice(0, index);
    for (const character of alphabet) yield [index, before + character + plain.slice(index + 1)];
    const [one = '', two = ''] = plain.slice(index);
    yield [index, before + two + one + plain.slice(index + 2)];
  }
}

function unreadable(reason: string): VaultError {
  return new VaultError('malformed', `The recovery code ${reason}; compare it with the paper`);
}
