import { createHash } from 'node:crypto';

import { parentPath, type Entry } from '@e2eeftp/protocol';
import {
  KeyringChain,
  keyringPath,
  VaultError,
  vaultLimits,
  vaultPath,
  type Role,
} from '@e2eeftp/vault';

import { StoreError } from '../store/store-error.js';
import type { Store } from '../store/store.js';
import { isStoreError, unlessMissing } from '../store/system-errors.js';

/** A vault's keyring is none, so that nobody can say who belongs to the vault. */
export class DamagedKeyringError extends StoreError {
  /** @param cause - what is wrong about it */
  constructor(cause: unknown) {
    super('io', 'A vault has a damaged keyring; restore the vault from a backup', { cause });
  }
}

/** Who belongs to a vault now. */
export interface KeyringInForce {
  /** The keyring's number. */
  readonly sequence: number;
  /**
   * @param identity - anybody's Ed25519 public key
   * @returns what this person may do; nothing for strangers and former members
   */
  roleOf(identity: Uint8Array): Role | undefined;
}

/** What is remembered of a vault, and of which version of what is stored. */
interface Known extends KeyringInForce {
  readonly folderEtag: string;
  readonly fileEtag: string;
  readonly members: number;
}

/** Members of all remembered keyrings together: some ten megabytes. */
const rememberedMembers = 100_000;

/** Vaults that are remembered. */
const rememberedVaults = 4096;

/**
 * Reads which keyring of a vault is in force: the highest of those that the store has. Each of them
 * was checked against the one before when it was stored, so here they are only read.
 *
 * What was read is remembered for as long as the etags of the keyring and of its folder stay: other
 * processes may store keyrings too, and whoever restores a backup takes some away.
 */
export class Keyrings {
  readonly #store: Store;
  /** By the vault's path, the ones used last at the end. */
  readonly #known = new Map<string, Known>();
  #members = 0;

  /** @param store - all files */
  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param vault - the vault's id, 16 bytes
   * @returns its keyring in force, or nothing when there is no such vault
   * @throws StoreError `io` when what is stored is no keyring
   */
  async inForce(vault: Uint8Array): Promise<KeyringInForce | undefined> {
    const root = vaultPath(vault);
    const known = this.#known.get(root);
    // Before what is in it is looked at: a change meanwhile is found the next time.
    const folder = await this.#look(parentPath(keyringPath(vault, 1)), 'directory');
    if (known && known.folderEtag === folder?.etag) {
      this.#remember(root, known);
      return known;
    }
    const current = folder && (await this.#read(vault, folder.etag, known));
    if (current) this.#remember(root, current);
    else this.#forget(root);
    return current;
  }

  /**
   * Gives a chain that takes the next keyring of a vault. Nobody else may store one meanwhile.
   *
   * @param vault - the vault's id, 16 bytes
   * @param sequence - the number of the keyring in force
   * @returns the chain, which has accepted that keyring
   * @throws StoreError `io` when what is stored is no keyring
   */
  async chainAt(vault: Uint8Array, sequence: number): Promise<KeyringChain> {
    const path = keyringPath(vault, sequence);
    const limits = { fileSize: vaultLimits.keyring, total: vaultLimits.keyring };
    const [result] = await this.#store.readFiles([path], limits);
    if (result?.status !== 'fulfilled') {
      const reason: unknown = result?.reason;
      throw isStoreError(reason, 'too-large') ? new DamagedKeyringError(reason) : reason;
    }
    const { bytes } = result.value;
    const hash = createHash('sha256').update(bytes).digest();
    const chain = KeyringChain.resume({ vault, sequence, hash });
    try {
      chain.accept(bytes);
    } catch (error) {
      if (error instanceof VaultError) throw new DamagedKeyringError(error);
      throw error;
    }
    return chain;
  }

  async #read(
    vault: Uint8Array,
    folderEtag: string,
    known: Known | undefined,
  ): Promise<Known | undefined> {
    const sequence = await this.#newest(vault, known?.sequence ?? 0);
    const file =
      sequence === 0 ? undefined : await this.#look(keyringPath(vault, sequence), 'file');
    if (!file) return undefined;
    const { etag: fileEtag } = file;
    if (known?.fileEtag === fileEtag) return { ...known, sequence, folderEtag };
    const { members } = (await this.chainAt(vault, sequence)).current;
    const roles = new Map(members.map(({ card, role }) => [keyOf(card.identity), role]));
    const roleOf = (identity: Uint8Array): Role | undefined => roles.get(keyOf(identity));
    return { sequence, roleOf, members: members.length, folderEtag, fileEtag };
  }

  /**
   * Finds the highest number. There is a keyring for each number below, so that some twenty looks
   * find it among a million: a folder that somebody has filled costs no more.
   */
  async #newest(vault: Uint8Array, known: number): Promise<number> {
    const isThere = async (sequence: number): Promise<boolean> =>
      sequence <= vaultLimits.sequence &&
      (await this.#look(keyringPath(vault, sequence), 'file')) !== undefined;
    let highest = known > 0 && (await isThere(known)) ? known : 0;
    let step = 1;
    while (await isThere(highest + step)) {
      highest += step;
      step *= 2;
    }
    for (let missing = highest + step; missing - highest > 1;) {
      const middle = Math.floor((highest + missing) / 2);
      if (await isThere(middle)) highest = middle;
      else missing = middle;
    }
    return highest;
  }

  async #look(path: Entry['path'], type: Entry['type']): Promise<Entry | undefined> {
    const entry = await unlessMissing(this.#store.stat(path));
    return entry?.type === type ? entry : undefined;
  }

  #remember(root: string, known: Known): void {
    this.#forget(root);
    this.#known.set(root, known);
    this.#members += known.members;
    for (const oldest of this.#known.keys()) {
      const isTooMuch = this.#members > rememberedMembers || this.#known.size > rememberedVaults;
      if (!isTooMuch || oldest === root) return;
      this.#forget(oldest);
    }
  }

  #forget(root: string): void {
    this.#members -= this.#known.get(root)?.members ?? 0;
    this.#known.delete(root);
  }
}

function keyOf(identity: Uint8Array): string {
  return Buffer.from(identity).toString('base64');
}
