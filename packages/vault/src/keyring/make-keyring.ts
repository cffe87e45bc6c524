import {
  defaultBackend,
  equalBytes,
  wipe,
  type CryptoBackend,
  type Identity,
} from '@e2eeftp/crypto';

import { requireDisplayName } from '../encoding/display-name.js';
import { VaultError } from '../errors.js';
import type { Card } from '../identity/card.js';
import { vaultLimits, vaultSizes } from '../limits.js';
import { homeVaultId, vaultIdOf } from '../vault/vault-id.js';
import { checkFirst, checkNext } from './chain-rules.js';
import type { Member, Role } from './keyring.js';
import { formerAfter, keyOf, roleOf, takesAccess } from './membership.js';
import type { OpenedKeyring } from './open-keyring.js';
import {
  encodeBounded,
  inOrder,
  requireGoodCard,
  requireRoom,
  signKeyring,
} from './sign-keyring.js';

/** A vault to be begun. */
export interface NewVault {
  /** Who begins it, and owns it. */
  readonly owner: Identity;
  /** The owner's card. */
  readonly card: Card;
  /** What the vault is to be called; only members learn it. */
  readonly name: string;
  /** `home` for a person's own vault, which follows from his key; else `shared`. */
  readonly kind: 'home' | 'shared';
}

/** What an owner wants to be different; whatever is left out stays. */
export interface KeyringChange {
  /** Who is to be added. */
  readonly add?: readonly Member[];
  /** Whose membership ends: public keys. Begins a new epoch. */
  readonly remove?: readonly Uint8Array[];
  /** Who is to have another role. Begins a new epoch when a writer becomes a reader. */
  readonly roles?: readonly { readonly identity: Uint8Array; readonly role: Role }[];
  /** Newer cards of members, such as with another name. */
  readonly cards?: readonly Card[];
  /** What the vault is to be called. */
  readonly name?: string;
  /** Whether to begin a new epoch although nobody loses access: the first step of a rekey. */
  readonly newEpoch?: boolean;
  /**
   * The oldest epoch that is still to be read: the last step of a rekey, once everything was
   * written anew.
   */
  readonly oldest?: number;
}

/**
 * Makes the first keyring of a vault.
 *
 * @param vault - who begins which vault
 * @param backend - the primitives to use
 * @returns the vault's id, and the keyring to be stored under the number 1
 * @throws VaultError `bad-name`, `bad-card`; `misuse` when the card is not the owner's
 */
export async function makeFirstKeyring(
  { owner, card, name, kind }: NewVault,
  backend: CryptoBackend = defaultBackend,
): Promise<{ readonly vault: Uint8Array; readonly bytes: Uint8Array }> {
  if (!equalBytes(card.identity, owner.publicKey)) {
    throw new VaultError('misuse', 'The card is not the card of who begins the vault');
  }
  requireGoodCard(card, backend);
  const random = kind === 'home' ? new Uint8Array(0) : backend.randomBytes(vaultSizes.vaultRandom);
  const vault =
    kind === 'home' ? homeVaultId(owner, backend) : vaultIdOf(owner.publicKey, random, backend);
  const planned = {
    vault,
    sequence: 1,
    epoch: 1,
    oldest: 1,
    random,
    members: [{ card, role: 'owner' }],
    former: [],
    previous: new Uint8Array(vaultSizes.digest),
  } as const;
  const secret = backend.randomBytes(vaultSizes.epochSecret);
  try {
    const contents = { name: requireDisplayName(name), secrets: [secret] };
    const keyring = await signKeyring(planned, contents, owner);
    checkFirst(keyring, undefined, backend);
    return { vault, bytes: encodeBounded(keyring) };
  } finally {
    wipe(secret);
  }
}

/**
 * Makes the next keyring of a vault. Store it with `overwrite: "never"` under the next number, and
 * take it through the chain as any other; when somebody else's was stored first, make it again from
 * that one.
 *
 * @param opened - the keyring in force
 * @param signer - an owner
 * @param change - what is to be different
 * @param backend - the primitives to use
 * @returns the keyring to be stored under the next number
 * @throws VaultError `not-an-owner`, `already-a-member`, `unknown-member`, `no-owner`, `bad-card`,
 *   `bad-name`, `too-many`, `wrong-oldest`
 */
export async function makeNextKeyring(
  opened: OpenedKeyring,
  signer: Identity,
  change: KeyringChange,
  backend: CryptoBackend = defaultBackend,
): Promise<Uint8Array> {
  const { keyring: previous, pin } = opened;
  if (roleOf(previous, signer.publicKey) !== 'owner') {
    throw new VaultError(
      'not-an-owner',
      'Only an owner can change who belongs to a vault; ask one of them',
    );
  }
  const members = changedMembers(previous.members, change, backend);
  const isNewEpoch = change.newEpoch === true || takesAccess(previous, members);
  const epoch = isNewEpoch ? previous.epoch + 1 : previous.epoch;
  const oldest = change.oldest ?? previous.oldest;
  requireBounds(previous.sequence + 1, epoch, oldest);
  const former = formerAfter(previous, members, oldest);
  requireRoom({ members: members.length, former: former.length });
  const secrets = opened.secrets.exportSecrets();
  try {
    if (isNewEpoch) secrets.push(backend.randomBytes(vaultSizes.epochSecret));
    const planned = {
      vault: previous.vault,
      sequence: previous.sequence + 1,
      epoch,
      oldest,
      random: new Uint8Array(0),
      members,
      former,
      previous: pin.hash,
    };
    const name = change.name === undefined ? opened.name : requireDisplayName(change.name);
    const keyring = await signKeyring(planned, { name, secrets }, signer);
    checkNext(previous, keyring, backend);
    return encodeBounded(keyring);
  } finally {
    wipe(...secrets);
  }
}

function changedMembers(
  before: readonly Member[],
  { add = [], remove = [], roles = [], cards = [] }: KeyringChange,
  backend: CryptoBackend,
): Member[] {
  requireRoom({ members: before.length - remove.length + add.length, former: 0 });
  const members = new Map(before.map((member) => [keyOf(member.card.identity), member]));
  const present = (identity: Uint8Array): Member => {
    const member = members.get(keyOf(identity));
    if (member) return member;
    throw new VaultError('unknown-member', 'That person is not a member; list the members first');
  };
  for (const identity of remove) members.delete(keyOf(present(identity).card.identity));
  for (const { identity, role } of roles) {
    members.set(keyOf(identity), { ...present(identity), role });
  }
  for (const card of cards) {
    requireGoodCard(card, backend);
    members.set(keyOf(card.identity), { ...present(card.identity), card });
  }
  for (const member of add) {
    if (members.has(keyOf(member.card.identity))) {
      throw new VaultError(
        'already-a-member',
        'That person is a member already; change the role instead',
      );
    }
    requireGoodCard(member.card, backend);
    members.set(keyOf(member.card.identity), member);
  }
  return requireOwner(inOrder(members.values()));
}

function requireOwner(members: Member[]): Member[] {
  if (members.some(({ role }) => role === 'owner')) return members;
  throw new VaultError(
    'no-owner',
    'Somebody must own the vault; make another member an owner first',
  );
}

function requireBounds(sequence: number, epoch: number, oldest: number): void {
  if (epoch > vaultLimits.epoch || sequence > vaultLimits.sequence) {
    throw new VaultError(
      'too-many',
      'The vault was changed too often; move its files into a new one',
    );
  }
  if (!Number.isSafeInteger(oldest) || oldest < 1 || oldest > epoch) {
    throw new VaultError('wrong-oldest', `The oldest epoch must be one of 1 to ${epoch}`);
  }
}
