import type { Identity } from '@e2eeftp/crypto';
import type { RemotePath } from '@e2eeftp/protocol';
import {
  formatVaultId,
  mayWrite,
  roleOf,
  SealingIdentity,
  vaultPath,
  type OpenedKeyring,
  type Role,
} from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { untilAborted } from '../connection/abort.js';
import { ClientError } from '../errors.js';
import type { KeptKeyrings } from '../home/kept-keyrings.js';
import { runOperation } from '../operation/operation.js';
import type { OperationOptions } from '../options.js';
import { AcceptedKeyrings } from './accepted-keyrings.js';
import { KeyringFiles, type KeyringSource } from './keyring-files.js';
import { KeyringWalk, type FirstOwner, type Standing } from './keyring-walk.js';
import { asVaultFailure } from './vault-failure.js';

/** What is asked of a client to open a vault. */
export type VaultClient = KeyringSource & Pick<Client, 'greeting'>;

/** Which vault to open, and as whom. */
export interface VaultToOpen extends OperationOptions {
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** Who opens it. */
  readonly identity: Identity;
  /** That person's sealing identity, where it is known already. */
  readonly sealing?: SealingIdentity | undefined;
  /** Who must have begun the vault; what throws here keeps everything from being kept. */
  readonly firstOwner: FirstOwner;
  /** Where accepted keyrings are kept; by default the session alone remembers them. */
  readonly kept?: KeptKeyrings | undefined;
  /** What the person calls the vault, for messages; by default its id. */
  readonly label?: string | undefined;
}

/** For what a newer keyring is looked for. */
export interface RefreshOptions extends OperationOptions {
  /**
   * The number of the keyring that was worked with; by default that of the one in force here. When a
   * newer one is known already, the server is not asked.
   */
  readonly than?: number | undefined;
}

/** Milliseconds after which a first write looks for a newer keyring once more. */
const freshness = 60_000;

/**
 * One vault on one server, opened: who belongs to it and the keys of its epochs, as this client has
 * accepted them. Every keyring is checked against the one before, opened, and kept, and only then used.
 *
 * It owns the secrets: dispose of it when nothing of the vault is under way any more.
 */
export class VaultSession implements Disposable {
  /** The vault's id, as it stands in paths. */
  readonly id: string;
  /** The folder that holds the vault on the server. */
  readonly root: RemotePath;
  /** Who has opened it. */
  readonly identity: Identity;
  /** What messages call the vault. */
  readonly label: string;
  readonly #walk: KeyringWalk;
  #standing: Standing;
  #walking: Promise<Standing> | undefined;
  #lookedAt = performance.now();
  #isPrepared = false;

  private constructor(walk: KeyringWalk, standing: Standing, options: VaultToOpen) {
    const { vault, identity, label } = options;
    this.id = formatVaultId(vault);
    this.root = vaultPath(vault);
    this.identity = identity;
    this.label = label ?? this.id;
    this.#walk = walk;
    this.#standing = standing;
  }

  /**
   * Opens a vault: takes up the keyring that was accepted last, and walks to the newest that the
   * server has.
   *
   * @param client - a client of the server, which outlives the session
   * @param options - which vault, and as whom
   * @returns the session
   * @throws ClientError `not-found` when there is no such vault for this client, `not-allowed` when it is
   *   no member, `integrity` for whatever is not as it was or must be, `local-file`
   */
  static async open(client: VaultClient, options: VaultToOpen): Promise<VaultSession> {
    const { vault, identity, firstOwner, kept } = options;
    const sealing = options.sealing ?? SealingIdentity.of(identity);
    const accepted = new AcceptedKeyrings(vault, client.greeting.facts.peerIdentity, kept);
    const walk = new KeyringWalk(new KeyringFiles(client, vault), accepted, sealing);
    try {
      const standing = await runOperation(options, (signal) =>
        walk.begin(vault, firstOwner, signal),
      );
      return new VaultSession(walk, standing, options);
    } catch (error) {
      walk[Symbol.dispose]();
      throw asVaultFailure(error, options.label ?? formatVaultId(vault));
    }
  }

  /** The keyring in force, as it was accepted here, and the secrets that were sealed in it. */
  get opened(): OpenedKeyring {
    return this.#standing.opened;
  }

  /** What the one who opened it may do in it. */
  get role(): Role | undefined {
    return roleOf(this.opened.keyring, this.identity.publicKey);
  }

  /**
   * Makes sure, once a session and before its first write, that the keyring in force is known: one
   * that was just opened has looked already.
   *
   * @param options - when to give up
   * @throws ClientError `not-allowed` for who may not write; what {@link VaultSession.refresh} throws
   */
  async prepareWriting(options: OperationOptions = {}): Promise<void> {
    if (!this.#isPrepared && performance.now() - this.#lookedAt > freshness) {
      await this.refresh(options);
    }
    this.#isPrepared = true;
    if (mayWrite(this.role)) return;
    throw new ClientError(
      'not-allowed',
      `Vault ${this.label}: you may read it, but not change anything in it; ask an owner for another role`,
    );
  }

  /**
   * Walks to the newest keyring: after the server has answered 409, or before what needs the newest.
   * Calls at the same time share one walk.
   *
   * @param options - when to give up, and which keyring was worked with
   * @returns whether there is a newer one than that
   * @throws ClientError as {@link VaultSession.open} does; what was accepted before stays in force here
   */
  async refresh(options: RefreshOptions = {}): Promise<boolean> {
    const { than = this.opened.keyring.sequence } = options;
    if (this.opened.keyring.sequence > than) return true;
    this.#walking ??= this.#onward();
    const walking = this.#walking;
    try {
      await runOperation(options, (signal) => untilAborted(walking, signal));
    } catch (error) {
      throw asVaultFailure(error, this.label);
    }
    return this.opened.keyring.sequence > than;
  }

  /** Wipes the secrets; the session is of no use afterwards. */
  [Symbol.dispose](): void {
    this.#walk[Symbol.dispose]();
  }

  /** For whoever waits: it ends with the last of the client's own attempts, not with one caller's. */
  async #onward(): Promise<Standing> {
    try {
      const standing = await this.#walk.onward(this.#standing, new AbortController().signal);
      this.#standing = standing;
      this.#lookedAt = performance.now();
      return standing;
    } finally {
      this.#walking = undefined;
    }
  }
}
