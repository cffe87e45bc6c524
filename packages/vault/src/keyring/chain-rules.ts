import { equalBytes, fingerprint, normalizeFingerprint, type CryptoBackend } from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';

import { malformed } from '../encoding/fields.js';
import { VaultError } from '../errors.js';
import { equalCards, verifyCard } from '../identity/card.js';
import { vaultIdOf } from '../vault/vault-id.js';
import { signedPart, type Keyring, type Member } from './keyring.js';
import { equalFormer, formerAfter, keyOf, roleOf, takesAccess } from './membership.js';

/**
 * Checks the keyring that begins a vault.
 *
 * @param keyring - the keyring with the number 1
 * @param firstOwner - the fingerprint of who must have made it; `undefined` when that is not known,
 *   as at a server, or shown to a person afterwards
 * @param backend - the primitives to use
 * @throws VaultError `malformed`, `wrong-origin`, `wrong-signer`, `bad-signature`, `bad-card`
 */
export function checkFirst(
  keyring: Keyring,
  firstOwner: string | undefined,
  backend: CryptoBackend,
): void {
  const { vault, epoch, random, former, previous, signer } = keyring;
  if (epoch !== 1 || former.length > 0 || previous.some((byte) => byte !== 0)) {
    throw malformed('first keyring', 'does not begin a vault');
  }
  const begunBy = fingerprint(signer, backend);
  if (firstOwner !== undefined && begunBy !== normalizeFingerprint(firstOwner)) {
    throw new VaultError(
      'wrong-origin',
      `The vault was begun by ${begunBy}, not by ${printable(firstOwner)}: it is another vault than you were told; do not use it, and ask whoever invited you`,
    );
  }
  // Without random bytes it is somebody's home, whose id only that person can derive.
  if (random.length > 0 && !equalBytes(vaultIdOf(signer, random, backend), vault)) {
    throw new VaultError(
      'wrong-origin',
      'The vault’s id does not belong to who began it: somebody put a vault of his own in its place; do not use it, and compare the id with your invitation',
    );
  }
  requireOwner(keyring, signer);
  verifySignature(keyring, backend);
  for (const { card } of keyring.members) verifyCard(card, backend);
}

/**
 * Checks a keyring against the one before it, which was accepted.
 *
 * @param previous - the accepted keyring
 * @param keyring - the one with the next number, of the same vault, which names `previous`
 * @param backend - the primitives to use
 * @throws VaultError `wrong-signer`, `bad-signature`, `wrong-epoch`, `wrong-oldest`,
 *   `wrong-former`, `bad-card`
 */
export function checkNext(previous: Keyring, keyring: Keyring, backend: CryptoBackend): void {
  // Nothing else is looked at before an owner turns out to have said it.
  requireOwner(previous, keyring.signer);
  verifySignature(keyring, backend);
  checkEpoch(previous, keyring);
  if (keyring.oldest < previous.oldest) {
    throw new VaultError(
      'wrong-oldest',
      `The keyring ${keyring.sequence} lets files of epoch ${keyring.oldest} back in, which former members could forge; ask the owners who of them made it`,
    );
  }
  const { members, oldest } = keyring;
  if (!equalFormer(keyring.former, formerAfter(previous, members, oldest))) {
    throw new VaultError(
      'wrong-former',
      `The former writers in the keyring ${keyring.sequence} are not those who follow from the keyring before; ask the owners who of them made it`,
    );
  }
  verifyNewCards(previous.members, members, backend);
}

function checkEpoch(previous: Keyring, { sequence, epoch, members }: Keyring): void {
  const isNew = epoch === previous.epoch + 1;
  if (!isNew && epoch !== previous.epoch) {
    throw new VaultError(
      'wrong-epoch',
      `The keyring ${sequence} goes from epoch ${previous.epoch} to ${epoch}; ask the owners who of them made it`,
    );
  }
  if (!isNew && takesAccess(previous, members)) {
    throw new VaultError(
      'wrong-epoch',
      `The keyring ${sequence} takes access from somebody who would still hold the key of its epoch; ask the owners who of them made it`,
    );
  }
}

function requireOwner(keyring: Keyring, signer: Uint8Array): void {
  if (roleOf(keyring, signer) === 'owner') return;
  throw new VaultError(
    'wrong-signer',
    'The keyring is signed by somebody who was no owner of the vault: the server, or a member without that right, tries to change who belongs to it; tell the owners',
  );
}

function verifySignature(keyring: Keyring, backend: CryptoBackend): void {
  const { signer, signature, sequence } = keyring;
  if (backend.ed25519.verify(signer, signedPart(keyring), signature)) return;
  throw new VaultError(
    'bad-signature',
    `The keyring ${sequence} was altered after an owner signed it; fetch it again, and if it stays so, do not trust the server`,
  );
}

/** A card that the accepted keyring holds already was verified with it. */
function verifyNewCards(
  before: readonly Member[],
  now: readonly Member[],
  backend: CryptoBackend,
): void {
  const known = new Map(before.map(({ card }) => [keyOf(card.identity), card]));
  for (const { card } of now) {
    const same = known.get(keyOf(card.identity));
    if (!same || !equalCards(same, card)) verifyCard(card, backend);
  }
}
