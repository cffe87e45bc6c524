import type { RemotePath } from '@e2eeftp/protocol';
import { mayWrite, type Role } from '@e2eeftp/vault';

import { StoreError } from '../store/store-error.js';
import type { ChangeOptions } from '../store/store.js';
import type { KeyringInForce, Keyrings } from './keyrings.js';
import { noVault, type VaultPlace } from './vault-place.js';

/** A vault as its keyring in force shows it to a member. */
export interface Membership {
  readonly role: Role;
  readonly keyring: KeyringInForce;
}

/** What a change knows of the keyring in force. */
export interface KnownKeyring extends ChangeOptions {
  /** Whether it may also know nothing of it. */
  readonly isOptional?: boolean;
}

/** Looks vaults up for one client, each of them once. */
export class Memberships {
  readonly #keyrings: Keyrings;
  readonly #identity: Uint8Array;
  readonly #known = new Map<RemotePath, Promise<Membership>>();

  /**
   * @param keyrings - reads the keyrings
   * @param identity - the client's Ed25519 public key
   */
  constructor(keyrings: Keyrings, identity: Uint8Array) {
    this.#keyrings = keyrings;
    this.#identity = identity;
  }

  /**
   * @param place - a place in a vault
   * @returns what the client is in it
   * @throws StoreError `not-found` when it is nothing there
   */
  of(place: VaultPlace): Promise<Membership> {
    const membership = this.#known.get(place.root) ?? this.#look(place);
    this.#known.set(place.root, membership);
    return membership;
  }

  async #look({ vault }: VaultPlace): Promise<Membership> {
    const keyring = await this.#keyrings.inForce(vault);
    const role = keyring?.roleOf(this.#identity);
    if (!keyring || !role) throw noVault();
    return { role, keyring };
  }
}

/**
 * Checks that a member may change what is at a place, and knows for whom.
 *
 * @param place - the place
 * @param membership - what the client is in its vault
 * @param known - what the client takes for the keyring in force
 * @throws StoreError `not-allowed`, `malformed` or `conflict`
 */
export function requireEntry(
  { location }: VaultPlace,
  membership: Membership,
  known: KnownKeyring,
): void {
  if (!mayWrite(membership.role)) throw notAllowed('Readers change nothing');
  if (location?.kind !== 'entry') {
    throw notAllowed('In a vault, only what its members have encrypted can be changed');
  }
  requireInForce(membership, known);
}

/**
 * Checks that a client knows the keyring in force: who writes with the keys of another one may
 * write for somebody who has lost access.
 *
 * @param membership - what the client is in the vault
 * @param known - what the client takes for the keyring in force
 * @throws StoreError `malformed` when it does not say, `conflict` when it is another one
 */
export function requireInForce(
  { keyring }: Membership,
  { keyring: known, isOptional = false }: KnownKeyring,
): void {
  if (known === undefined && !isOptional) {
    throw malformed('A change in a vault names the keyring in force');
  }
  if (known !== undefined && known !== keyring.sequence) throw outdated();
}

/**
 * @param message - why nobody in this role may do something, for the operator
 * @returns the error
 */
export function notAllowed(message: string): StoreError {
  return new StoreError('not-allowed', message);
}

/**
 * @param message - what is wrong about what the client sent, for the operator
 * @param options - the `cause`
 * @returns the error
 */
export function malformed(message: string, options?: ErrorOptions): StoreError {
  return new StoreError('malformed', message, options);
}

/** @returns what a change fails with that was made for another keyring */
export function outdated(): StoreError {
  return new StoreError('conflict', 'Another keyring is in force than the client knows');
}
