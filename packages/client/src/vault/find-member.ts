import { fingerprint, normalizeFingerprint } from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';
import type { Keyring, Member } from '@e2eeftp/vault';

import { ClientError } from '../errors.js';

/**
 * Finds the member whom a person means. Names on cards are whatever their owners chose, so one that
 * two members have, or that this person uses for somebody else, means nobody.
 *
 * @param keyring - the keyring in force
 * @param who - a fingerprint, or a name
 * @param tied - the fingerprint that this person tied to the name, if he did
 * @returns the member
 * @throws ClientError `not-found`, or `conflict` when several could be meant
 */
export function findMember(keyring: Keyring, who: string, tied: string | undefined): Member {
  const meant = normalizeFingerprint(who);
  const candidates = keyring.members.filter(({ card }) => {
    const found = fingerprint(card.identity);
    return meant === undefined ? found === tied || card.name === who : found === meant;
  });
  const [member, other] = candidates;
  if (!member) {
    throw new ClientError(
      'not-found',
      `${printable(who)} is no member of the vault; \`e2eeftp vault members\` shows who is`,
    );
  }
  if (!other) return member;
  const fingerprints = candidates.map(({ card }) => fingerprint(card.identity)).join(' or ');
  throw new ClientError(
    'conflict',
    `${printable(who)} could be ${fingerprints}; give the fingerprint of whom you mean`,
  );
}
