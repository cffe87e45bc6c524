import { encodeCbor, type CborMap, type CborValue } from '@e2eeftp/protocol';

import { readDisplayName } from '../encoding/display-name.js';
import { Fields, malformed } from '../encoding/fields.js';
import { labelled } from '../encoding/labelled.js';
import { compareBytes } from '../encoding/order.js';
import { cardValue, readCard, type Card } from '../identity/card.js';
import { labels } from '../labels.js';
import { vaultLimits, vaultSizes } from '../limits.js';

/** What a member may do: readers read, writers also write, owners also change the keyring. */
export type Role = 'owner' | 'writer' | 'reader';

/** Somebody who can read a vault. */
export interface Member {
  readonly card: Card;
  readonly role: Role;
}

/** Somebody who could write until some epoch ended, and whose files of that time are still his. */
export interface FormerWriter {
  /** The Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
  /** What he was called. */
  readonly name: string;
  /** What he was at the end. */
  readonly role: 'owner' | 'writer';
  /** The last epoch in which he could write. */
  readonly lastEpoch: number;
}

/** Who belongs to a vault, and the epochs' secrets sealed to them (FORMAT.md, keyrings). */
export interface Keyring {
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The number of this keyring, from 1. */
  readonly sequence: number;
  /** The epoch that is written in, from 1. */
  readonly epoch: number;
  /** The oldest epoch that is still read. */
  readonly oldest: number;
  /** 16 bytes in the first keyring of a vault that is no `home`; else empty. */
  readonly random: Uint8Array;
  /** In the order of their identities. */
  readonly members: readonly Member[];
  /** In the order of their identities. */
  readonly former: readonly FormerWriter[];
  /** An age file to all members: the vault's name and the secrets of all epochs. */
  readonly sealed: Uint8Array;
  /** SHA-256 of the keyring before, 32 bytes; zeros in the first. */
  readonly previous: Uint8Array;
  /** The owner who made it, 32 bytes. */
  readonly signer: Uint8Array;
  /** The signer's signature, 64 bytes. */
  readonly signature: Uint8Array;
}

/** A keyring that is still to be signed. */
export type UnsignedKeyring = Omit<Keyring, 'signature'>;

const what = 'keyring';
const fields = [
  'vault',
  'sequence',
  'epoch',
  'oldest',
  'random',
  'members',
  'former',
  'sealed',
  'previous',
  'signer',
  'signature',
];
const memberFields = ['card', 'role'];
const formerFields = ['identity', 'name', 'role', 'lastEpoch'];
const roles = ['owner', 'writer', 'reader'] as const;
const writingRoles = ['owner', 'writer'] as const;

/**
 * @param keyring - a signed keyring
 * @returns its deterministic CBOR
 */
export function encodeKeyring(keyring: Keyring): Uint8Array {
  return encodeCbor({ ...unsignedValue(keyring), signature: keyring.signature });
}

/**
 * Reads the form of a keyring: what stands in it is within its bounds and has one encoding.
 *
 * That says nothing of who made it. Only `KeyringChain` does, which checks signatures and what
 * came before.
 *
 * @param bytes - what is stored
 * @returns the keyring
 * @throws VaultError `malformed`
 */
export function parseKeyring(bytes: Uint8Array): Keyring {
  const map = Fields.decode(what, bytes, vaultLimits.keyring, fields);
  const sequence = map.integer('sequence', [1, vaultLimits.sequence]);
  const epoch = map.integer('epoch', [1, vaultLimits.epoch]);
  const keyring = {
    vault: map.bytes('vault', vaultSizes.vaultId),
    sequence,
    epoch,
    oldest: map.integer('oldest', [1, epoch]),
    random: map.bytes('random', ...(sequence === 1 ? [0, vaultSizes.vaultRandom] : [0])),
    members: map.list('members', [1, vaultLimits.members]).map(readMember),
    former: map.list('former', [0, vaultLimits.former]).map(readFormer),
    sealed: map.someBytes('sealed'),
    previous: map.bytes('previous', vaultSizes.digest),
    signer: map.bytes('signer', vaultSizes.identity),
    signature: map.bytes('signature', vaultSizes.signature),
  };
  requireOrder(
    'members',
    keyring.members.map(({ card }) => card.identity),
  );
  requireOrder(
    'former writers',
    keyring.former.map(({ identity }) => identity),
  );
  if (!keyring.members.some(({ role }) => role === 'owner')) throw malformed(what, 'has no owner');
  return keyring;
}

/**
 * @param keyring - a keyring, signed or not
 * @returns what its signature covers
 */
export function signedPart(keyring: UnsignedKeyring): Uint8Array {
  return labelled(labels.keyring, encodeCbor(unsignedValue(keyring)));
}

function unsignedValue(keyring: UnsignedKeyring): CborMap {
  const { vault, sequence, epoch, oldest, random, sealed, previous, signer } = keyring;
  return {
    vault,
    sequence,
    epoch,
    oldest,
    random,
    members: keyring.members.map(({ card, role }) => ({ card: cardValue(card), role })),
    former: keyring.former.map(({ identity, name, role, lastEpoch }) => ({
      identity,
      name,
      role,
      lastEpoch,
    })),
    sealed,
    previous,
    signer,
  };
}

function readMember(value: CborValue): Member {
  const map = new Fields('member of a keyring', value, memberFields);
  return { card: readCard(map.value('card')), role: map.oneOf('role', roles) };
}

function readFormer(value: CborValue): FormerWriter {
  const kind = 'former writer of a keyring';
  const map = new Fields(kind, value, formerFields);
  return {
    identity: map.bytes('identity', vaultSizes.identity),
    name: readDisplayName(kind, map.text('name')),
    role: map.oneOf('role', writingRoles),
    lastEpoch: map.integer('lastEpoch', [1, vaultLimits.epoch]),
  };
}

/** One order for one set, and nobody in it twice with two roles. */
function requireOrder(listed: string, identities: readonly Uint8Array[]): void {
  identities.forEach((identity, index) => {
    const before = identities[index - 1];
    if (before && compareBytes(before, identity) >= 0) {
      throw malformed(what, `lists its ${listed} twice or out of order`);
    }
  });
}
