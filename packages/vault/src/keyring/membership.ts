import { equalBytes } from '@e2eeftp/crypto';

import { compareBytes } from '../encoding/order.js';
import type { FormerWriter, Keyring, Member, Role } from './keyring.js';

/**
 * @param keyring - the keyring in force
 * @param identity - anybody's Ed25519 public key
 * @returns the member with this key, if there is one
 */
export function memberOf(keyring: Keyring, identity: Uint8Array): Member | undefined {
  return keyring.members.find(({ card }) => equalBytes(card.identity, identity));
}

/**
 * @param keyring - the keyring in force
 * @param identity - anybody's Ed25519 public key
 * @returns what this person may do now; `undefined` for strangers and former members
 */
export function roleOf(keyring: Keyring, identity: Uint8Array): Role | undefined {
  return memberOf(keyring, identity)?.role;
}

/**
 * @param role - a role, or none
 * @returns whether it lets somebody write
 */
export function mayWrite(role: Role | undefined): role is 'owner' | 'writer' {
  return role === 'owner' || role === 'writer';
}

/**
 * Says what to make of the epoch that a file or a name was written in: those before `oldest` could
 * be forged by former members, and those after the keyring's do not exist yet.
 *
 * @param keyring - the keyring in force
 * @param epoch - what the file or name says
 * @returns whether it is read, or why not
 */
export function judgeEpoch(
  keyring: Pick<Keyring, 'epoch' | 'oldest'>,
  epoch: number,
): 'accepted' | 'too-old' | 'unknown' {
  if (epoch > keyring.epoch || epoch < 1) return 'unknown';
  return epoch < keyring.oldest ? 'too-old' : 'accepted';
}

/**
 * Says whether a file is to be believed that this person signed in this epoch.
 *
 * Members who write are writers in all epochs that are still read, former ones until they lost
 * that right.
 *
 * @param keyring - the keyring in force
 * @param identity - the file's sender
 * @param epoch - the epoch that the file was written in
 * @returns whether the sender may have written it
 */
export function wasWriter(keyring: Keyring, identity: Uint8Array, epoch: number): boolean {
  if (judgeEpoch(keyring, epoch) !== 'accepted') return false;
  if (mayWrite(roleOf(keyring, identity))) return true;
  const former = formerOf(keyring, identity);
  return former !== undefined && epoch <= former.lastEpoch;
}

/**
 * @param keyring - the keyring in force
 * @param identity - a member, or a former writer
 * @returns what this person is called in the vault; put it through `printable` before you show it
 */
export function nameOf(keyring: Keyring, identity: Uint8Array): string | undefined {
  return memberOf(keyring, identity)?.card.name ?? formerOf(keyring, identity)?.name;
}

/**
 * Says whether anybody who could read or write before cannot any longer, which needs a new epoch:
 * he keeps the secrets of those that he knew.
 *
 * @param previous - the keyring before
 * @param members - the members afterwards
 * @returns whether access was taken from somebody
 */
export function takesAccess(previous: Keyring, members: readonly Member[]): boolean {
  const roles = rolesByIdentity(members);
  return previous.members.some(({ card, role }) => {
    const now = roles.get(keyOf(card.identity));
    return now === undefined || (mayWrite(role) && !mayWrite(now));
  });
}

/**
 * Says who is to be listed as a former writer. It follows from what was before, so that no owner
 * can give files to somebody who never was a member, nor a faulty program forget somebody.
 *
 * @param previous - the keyring before
 * @param members - the members afterwards
 * @param oldest - the oldest epoch that is read afterwards; who wrote only before it is forgotten
 * @returns the former writers, in order
 */
export function formerAfter(
  previous: Keyring,
  members: readonly Member[],
  oldest: number,
): FormerWriter[] {
  const roles = rolesByIdentity(members);
  const former = new Map(previous.former.map((writer) => [keyOf(writer.identity), writer]));
  for (const { card, role } of previous.members) {
    if (!mayWrite(role)) continue;
    const { identity, name } = card;
    former.set(keyOf(identity), { identity, name, role, lastEpoch: previous.epoch });
  }
  return [...former]
    .filter(([key, { lastEpoch }]) => lastEpoch >= oldest && !mayWrite(roles.get(key)))
    .map(([, writer]) => writer)
    .sort((one, other) => compareBytes(one.identity, other.identity));
}

/**
 * @param one - a list of former writers, in order
 * @param other - another
 * @returns whether they say the same
 */
export function equalFormer(one: readonly FormerWriter[], other: readonly FormerWriter[]): boolean {
  if (one.length !== other.length) return false;
  return one.every((left, index) => {
    const right = other[index] as FormerWriter;
    return (
      left.name === right.name &&
      left.role === right.role &&
      left.lastEpoch === right.lastEpoch &&
      equalBytes(left.identity, right.identity)
    );
  });
}

/**
 * @param identity - 32 bytes
 * @returns a text that stands for them in a Map
 */
export function keyOf(identity: Uint8Array): string {
  return identity.join();
}

function formerOf(keyring: Keyring, identity: Uint8Array): FormerWriter | undefined {
  return keyring.former.find((writer) => equalBytes(writer.identity, identity));
}

function rolesByIdentity(members: readonly Member[]): Map<string, Role> {
  return new Map(members.map(({ card, role }) => [keyOf(card.identity), role]));
}
