import { fingerprint, type Identity } from '@e2eeftp/crypto';
import {
  formatVaultId,
  homeVaultId,
  makeFirstKeyring,
  SealingIdentity,
  type Card,
} from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { ClientError } from '../errors.js';
import type { KeptKeyrings } from '../home/kept-keyrings.js';
import type { OperationOptions } from '../options.js';
import { usualTree } from '../remote-name.js';
import { Cards } from './cards.js';
import type { FirstOwner } from './keyring-walk.js';
import { storeKeyring } from './store-keyring.js';
import { asVaultFailure } from './vault-failure.js';
import { VaultSession, type VaultClient } from './vault-session.js';

/** The name of the vault that everybody has for himself. */
const homeName = usualTree;

/** Who somebody is to the vaults of one server. */
export interface VaultPerson {
  readonly identity: Identity;
  /** Where accepted keyrings are kept. */
  readonly kept: KeptKeyrings | undefined;
  /** What to be called on a card, where there is none yet. */
  readonly name: string;
}

/** A vault that is not on the server yet. */
export interface VaultToBegin {
  /** Its id, 16 bytes. */
  readonly vault: Uint8Array;
  /** Its first keyring. */
  readonly bytes: Uint8Array;
  /** What its members see it called. */
  readonly name: string;
  /** Whether it is this person's home. */
  readonly kind: 'home' | 'shared';
}

/** What one person opens and begins at one server. */
export class OwnVaults {
  /** That person's fingerprint. */
  readonly fingerprint: string;
  /** The id of that person's home, 16 bytes. */
  readonly homeId: Uint8Array;
  /** The cards at the server. */
  readonly cards: Cards;
  readonly #client: Client;
  readonly #person: VaultPerson;
  #sealing: SealingIdentity | undefined;

  /**
   * @param client - a client of the server
   * @param person - who uses it
   */
  constructor(client: Client, person: VaultPerson) {
    this.fingerprint = fingerprint(person.identity.publicKey);
    this.homeId = homeVaultId(person.identity);
    this.cards = new Cards(client);
    this.#client = client;
    this.#person = person;
  }

  /** The server's identity, 32 bytes. */
  get server(): Uint8Array {
    return this.#client.greeting.facts.peerIdentity;
  }

  /**
   * Opens a vault.
   *
   * @param vault - its id, 16 bytes
   * @param label - what it is called, for messages
   * @param firstOwner - who must have begun it
   * @param options - when to give up
   * @returns its session, to be disposed of
   * @throws ClientError as `VaultSession.open` does
   */
  async open(
    vault: Uint8Array,
    label: string,
    firstOwner: FirstOwner,
    options: OperationOptions,
  ): Promise<VaultSession> {
    const { identity, kept } = this.#person;
    const sealing = this.#ownSealing();
    const to = { vault, label, firstOwner, identity, kept, sealing };
    const { greeting, parts } = this.#client;
    // What looks for a newer keyring later is a part of what needs it.
    const source: VaultClient = {
      greeting,
      list: (...args) => parts.list(...args),
      getBytes: (...args) => parts.getBytes(...args),
      digest: (...args) => parts.digest(...args),
    };
    return this.#client.operations.runWhole(options, (signal) =>
      VaultSession.open(source, { ...options, ...to, signal }),
    );
  }

  /**
   * Opens this person's home, and makes it when it never was there. When two programs make it at the
   * same time, both go on with the one that was first.
   *
   * @param options - when to give up
   * @returns its session, to be disposed of
   * @throws ClientError
   */
  async openHome(options: OperationOptions): Promise<VaultSession> {
    try {
      return await this.openExistingHome(options);
    } catch (error) {
      const isMissing = error instanceof ClientError && error.code === 'not-found';
      if (!isMissing || (await this.#wasThere(this.homeId))) throw error;
    }
    const home = await this.make(homeName, 'home', options);
    await this.begin(home, options);
    return this.openExistingHome(options);
  }

  /**
   * Opens this person's home, if it is there.
   *
   * @param options - when to give up
   * @returns its session, to be disposed of
   * @throws ClientError `not-found` when it never was made
   */
  openExistingHome(options: OperationOptions): Promise<VaultSession> {
    return this.open(this.homeId, homeName, this.fingerprint, options);
  }

  /**
   * Makes the first keyring of a vault with this person as its only member. The server knows nothing of it.
   *
   * @param name - what its members see it called
   * @param kind - whether it is this person's home
   * @param options - when to give up
   * @returns what {@link OwnVaults.begin} takes
   * @throws ClientError
   */
  async make(
    name: string,
    kind: 'home' | 'shared',
    options: OperationOptions,
  ): Promise<VaultToBegin> {
    try {
      const owner = this.#person.identity;
      const card = await this.card(options);
      return { ...(await makeFirstKeyring({ owner, card, name, kind })), name, kind };
    } catch (error) {
      throw asVaultFailure(error instanceof ClientError ? refused(error, name) : error, name);
    }
  }

  /**
   * Begins a vault on the server, if it is not there already.
   *
   * @param made - the vault
   * @param options - when to give up
   * @throws ClientError
   */
  async begin(
    { vault, bytes, name, kind }: VaultToBegin,
    options: OperationOptions,
  ): Promise<void> {
    try {
      const isStored = await storeKeyring(this.#client, { vault, sequence: 1, bytes }, options);
      // The id of any other vault is new: nobody can have been faster.
      if (!isStored && kind === 'shared') throw notStored();
    } catch (error) {
      throw asVaultFailure(error instanceof ClientError ? refused(error, name) : error, name);
    }
  }

  /**
   * @param options - when to give up
   * @returns this person's card as it was published; one is published when there is none
   * @throws ClientError
   */
  async card(options: OperationOptions): Promise<Card> {
    const { identity, name } = this.#person;
    const published = await this.cards.findOwn(identity, this.#ownSealing(), options);
    return published ?? this.publishCard(name, options);
  }

  /**
   * @param name - what this person wants to be called
   * @param options - when to give up
   * @returns the card, published in the place of the one before
   * @throws ClientError `bad-name`
   */
  async publishCard(name: string, options: OperationOptions): Promise<Card> {
    const { identity } = this.#person;
    try {
      return await this.cards.publish(identity, this.#ownSealing(), name, options);
    } catch (error) {
      throw asVaultFailure(error, homeName);
    }
  }

  /** @throws ClientError `bad-request` when the server keeps no vaults */
  requireVaults(): void {
    const { commands } = this.#client.greeting.welcome;
    // Keyrings are compared by their digests.
    if (commands.includes('CARD') && commands.includes('DIGEST')) return;
    throw new ClientError(
      'bad-request',
      'The server keeps no vaults: it is older than they are, or its operator left them out. What is sent to "plain:NAME" it stores so that it can read it',
    );
  }

  async #wasThere(vault: Uint8Array): Promise<boolean> {
    const of = { server: this.server, vault: formatVaultId(vault) };
    return ((await this.#person.kept?.newest(of)) ?? 0) > 0;
  }

  #ownSealing(): SealingIdentity {
    this.#sealing ??= SealingIdentity.of(this.#person.identity);
    return this.#sealing;
  }
}

function notStored(): ClientError {
  return new ClientError('disconnected', 'The connection broke before the vault was there');
}

/** Nobody knows the paths of keyrings. */
function refused(error: ClientError, name: string): ClientError {
  if (error.code !== 'not-allowed') return error;
  return new ClientError(
    'not-allowed',
    `The vault ${name} cannot be made: this server does not allow you to store anything; ask its operator for access, or name what the server can read as "plain:PATH"`,
    { cause: error },
  );
}
