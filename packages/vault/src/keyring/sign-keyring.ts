import type { CryptoBackend, Identity } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import { compareBytes } from '../encoding/order.js';
import { formatAgeRecipient } from '../identity/age-recipient.js';
import { requireUsableRecipient, verifyCard, type Card } from '../identity/card.js';
import { vaultLimits } from '../limits.js';
import {
  encodeKeyring,
  signedPart,
  type Keyring,
  type Member,
  type UnsignedKeyring,
} from './keyring.js';
import { sealContents } from './sealed-contents.js';

/** A keyring as an owner wants it, before its contents are sealed and it is signed. */
export type PlannedKeyring = Omit<UnsignedKeyring, 'sealed' | 'signer'>;

/**
 * Seals and signs a keyring.
 *
 * @param planned - everything but what is sealed and signed
 * @param contents - what to seal
 * @param contents.name - what the vault is called
 * @param contents.secrets - the secrets of all epochs
 * @param signer - the owner who makes it
 * @returns the keyring
 */
export async function signKeyring(
  planned: PlannedKeyring,
  { name, secrets }: { readonly name: string; readonly secrets: readonly Uint8Array[] },
  signer: Identity,
): Promise<Keyring> {
  const { vault, sequence, members } = planned;
  const recipients = members.map(({ card }) => formatAgeRecipient(card.recipient));
  const sealed = await sealContents({ vault, sequence, name, secrets }, recipients);
  const unsigned = { ...planned, sealed, signer: signer.publicKey };
  return { ...unsigned, signature: signer.sign(signedPart(unsigned)) };
}

/**
 * @param keyring - a keyring that was just made
 * @returns its bytes
 * @throws VaultError `too-many` when it outgrew what members read
 */
export function encodeBounded(keyring: Keyring): Uint8Array {
  const bytes = encodeKeyring(keyring);
  if (bytes.length > vaultLimits.keyring) throw tooMany(`at most ${vaultLimits.keyring} bytes`);
  return bytes;
}

/**
 * @param members - who is to belong to a vault, each once
 * @returns the same in the order of keyrings
 */
export function inOrder(members: Iterable<Member>): Member[] {
  return [...members].sort((one, other) => compareBytes(one.card.identity, other.card.identity));
}

/**
 * @param card - the card of somebody who is to be added
 * @param backend - the primitives to use
 * @throws VaultError `bad-card`
 */
export function requireGoodCard(card: Card, backend: CryptoBackend): void {
  verifyCard(card, backend);
  requireUsableRecipient(card, backend);
}

/**
 * @param counts - how many members and former writers a keyring is to have
 * @param counts.members - how many members
 * @param counts.former - how many former writers
 * @throws VaultError `too-many`
 */
export function requireRoom(counts: { readonly members: number; readonly former: number }): void {
  if (counts.members > vaultLimits.members || counts.former > vaultLimits.former) {
    throw tooMany(
      `at most ${vaultLimits.members} members and ${vaultLimits.former} former writers`,
    );
  }
}

function tooMany(bound: string): VaultError {
  return new VaultError(
    'too-many',
    `A keyring has ${bound}; remove members, or rekey the vault, which forgets former writers`,
  );
}
