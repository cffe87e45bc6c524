import {
  CryptoError,
  defaultBackend,
  equalBytes,
  fingerprint,
  normalizeFingerprint,
  utf8,
  type CryptoBackend,
  type Identity,
} from '@e2eeftp/crypto';
import { encodeCbor, printable, type CborMap, type CborValue } from '@e2eeftp/protocol';

import { readDisplayName, requireDisplayName } from '../encoding/display-name.js';
import { Fields } from '../encoding/fields.js';
import { labelled } from '../encoding/labelled.js';
import { VaultError } from '../errors.js';
import { labels } from '../labels.js';
import { vaultLimits, vaultSizes } from '../limits.js';
import type { SealingIdentity } from './sealing-identity.js';

/**
 * A person's word on where to seal what is meant for him (FORMAT.md, cards).
 *
 * Its name is what that person calls himself, and nothing more: whom to add is decided by the
 * fingerprint.
 */
export interface Card {
  /** The person's Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
  /** The person's sealing recipient, 1,216 bytes. */
  readonly recipient: Uint8Array;
  /** 1 to 64 bytes of UTF-8; put it through `printable` before you show it. */
  readonly name: string;
  /** The person's signature, 64 bytes. */
  readonly signature: Uint8Array;
}

const what = 'card';
const fields = ['identity', 'name', 'recipient', 'signature'];

/** Bytes of an ML-KEM-768 encapsulation key, with which a hybrid recipient begins. */
const encapsulationKeyLength = 1184;

/**
 * Makes a person's card.
 *
 * @param identity - the person
 * @param sealing - that person's sealing identity
 * @param name - what the person wants to be called
 * @returns the card, signed
 * @throws VaultError `bad-name`
 */
export function makeCard(identity: Identity, sealing: SealingIdentity, name: string): Card {
  const unsigned = { recipient: sealing.recipient, name: requireDisplayName(name) };
  return {
    identity: identity.publicKey,
    ...unsigned,
    signature: identity.sign(signedPart(unsigned)),
  };
}

/**
 * @param card - a card
 * @returns its deterministic CBOR, which a client publishes with `CARD`
 */
export function encodeCard(card: Card): Uint8Array {
  return encodeCbor(cardValue(card));
}

/**
 * Reads a card and checks its signature.
 *
 * That shows that the card is its identity's own, not that the identity is whom you mean: compare
 * the fingerprint, or use {@link requireCardOf}.
 *
 * @param bytes - deterministic CBOR, such as a server's answer to `CARD`
 * @param backend - the primitives to use
 * @returns the card
 * @throws VaultError `malformed`, `bad-card`
 */
export function parseCard(bytes: Uint8Array, backend: CryptoBackend = defaultBackend): Card {
  const card = cardOf(Fields.decode(what, bytes, vaultLimits.card, fields));
  verifyCard(card, backend);
  return card;
}

/**
 * Makes sure that a card is the one that was asked for, since a server could answer with a valid
 * card of its own making.
 *
 * @param card - a card that {@link parseCard} returned
 * @param expected - the person's fingerprint, in any form that a person types
 * @param backend - the primitives to use
 * @returns the same card
 * @throws VaultError `wrong-card`
 */
export function requireCardOf(
  card: Card,
  expected: string,
  backend: CryptoBackend = defaultBackend,
): Card {
  const found = fingerprint(card.identity, backend);
  if (found === normalizeFingerprint(expected)) return card;
  throw new VaultError(
    'wrong-card',
    `The card belongs to ${found}, not to ${printable(expected)}: the server mixed cards up, or wants you to add somebody else; do not add this person`,
  );
}

/**
 * @param value - a part of a decoded keyring
 * @returns the card, whose signature is still to be checked
 * @throws VaultError `malformed`
 */
export function readCard(value: CborValue | undefined): Card {
  return cardOf(new Fields(what, value, fields));
}

/**
 * @param card - a card
 * @returns the map that is encoded
 */
export function cardValue({ identity, recipient, name, signature }: Card): CborMap {
  return { identity, recipient, name, signature };
}

/**
 * @param card - a card of the right form
 * @param backend - the primitives to use
 * @throws VaultError `bad-card` when its identity did not sign it
 */
export function verifyCard(card: Card, backend: CryptoBackend): void {
  if (backend.ed25519.verify(card.identity, signedPart(card), card.signature)) return;
  throw badCard(card, 'its signature does not hold');
}

/**
 * Makes sure that something can be sealed to a card before it becomes part of a keyring: a key
 * that is not reduced or of small order would keep every later keyring from being made.
 *
 * @param card - the card of somebody who is to be added
 * @param backend - the primitives to use
 * @throws VaultError `bad-card`
 */
export function requireUsableRecipient(card: Card, backend: CryptoBackend): void {
  const ephemeral = backend.x25519.generate();
  try {
    backend.mlKem768.encapsulate(card.recipient.subarray(0, encapsulationKeyLength));
    ephemeral.agree(card.recipient.subarray(encapsulationKeyLength));
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw badCard(card, 'nothing can be sealed to its recipient', { cause: error });
  } finally {
    ephemeral.dispose();
  }
}

/**
 * @param one - a card
 * @param other - another
 * @returns whether they are the same, byte for byte
 */
export function equalCards(one: Card, other: Card): boolean {
  return (
    one.name === other.name &&
    equalBytes(one.identity, other.identity) &&
    equalBytes(one.recipient, other.recipient) &&
    equalBytes(one.signature, other.signature)
  );
}

function cardOf(map: Fields): Card {
  return {
    identity: map.bytes('identity', vaultSizes.identity),
    recipient: map.bytes('recipient', vaultSizes.recipient),
    name: readDisplayName(what, map.text('name')),
    signature: map.bytes('signature', vaultSizes.signature),
  };
}

function signedPart({ recipient, name }: Pick<Card, 'recipient' | 'name'>): Uint8Array {
  return labelled(labels.card, recipient, utf8(name));
}

function badCard(card: Card, reason: string, options?: ErrorOptions): VaultError {
  return new VaultError(
    'bad-card',
    `The card of "${printable(card.name)}" is not valid, ${reason}; ask that person to publish it anew`,
    options,
  );
}
