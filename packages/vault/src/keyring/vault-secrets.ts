import { defaultBackend, equalBytes, hkdf, utf8, wipe, type CryptoBackend } from '@e2eeftp/crypto';

import { expectLength } from '../encoding/expect-length.js';
import { VaultError } from '../errors.js';
import { labels } from '../labels.js';
import { vaultSizes } from '../limits.js';

/** The keys of one epoch. They belong to the `VaultSecrets` that gave them, which wipes them. */
export interface EpochKeys {
  readonly epoch: number;
  /** Encrypts names, 64 bytes. */
  readonly nameKey: Uint8Array;
  /** Wraps the keys of files, 32 bytes. */
  readonly wrapKey: Uint8Array;
}

/** The secrets of all epochs of a vault (FORMAT.md, epochs). */
export class VaultSecrets {
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  readonly #backend: CryptoBackend;
  readonly #secrets: readonly Uint8Array[];
  readonly #keys = new Map<number, EpochKeys>();
  #isDisposed = false;

  /**
   * @param vault - the vault's id, 16 bytes
   * @param secrets - 32 bytes for each epoch, from the first on; copied
   * @param backend - the primitives to use
   * @throws VaultError `misuse` when a length is another
   */
  constructor(
    vault: Uint8Array,
    secrets: readonly Uint8Array[],
    backend: CryptoBackend = defaultBackend,
  ) {
    expectLength('A vault id', vault, vaultSizes.vaultId);
    for (const secret of secrets) expectLength('An epoch secret', secret, vaultSizes.epochSecret);
    this.vault = vault;
    this.#backend = backend;
    this.#secrets = secrets.map((secret) => Uint8Array.from(secret));
  }

  /** The epoch in force. */
  get epoch(): number {
    return this.#secrets.length;
  }

  /**
   * Derives the keys of an epoch, once.
   *
   * @param epoch - from 1 to {@link VaultSecrets.epoch}
   * @returns its keys
   * @throws VaultError `unknown-epoch`; `misuse` after {@link VaultSecrets.dispose}
   */
  keysOf(epoch: number): EpochKeys {
    this.#requireUsable();
    const secret = this.#secrets[epoch - 1];
    if (!secret) {
      throw new VaultError(
        'unknown-epoch',
        `There is no secret of epoch ${epoch}; look for a newer keyring`,
      );
    }
    const known = this.#keys.get(epoch);
    if (known) return known;
    const keys = {
      epoch,
      nameKey: this.#derive(secret, labels.names, vaultSizes.nameKey),
      wrapKey: this.#derive(secret, labels.files, vaultSizes.wrapKey),
    };
    this.#keys.set(epoch, keys);
    return keys;
  }

  /**
   * @param earlier - the secrets that were known before
   * @returns whether they are all here, unchanged
   * @throws VaultError `misuse` when one of them was disposed of
   */
  continues(earlier: VaultSecrets): boolean {
    this.#requireUsable();
    earlier.#requireUsable();
    return earlier.#secrets.every((secret, index) => {
      const mine = this.#secrets[index];
      return mine !== undefined && equalBytes(mine, secret);
    });
  }

  /**
   * Gives the secrets out, for sealing them to members.
   *
   * @returns copies; wipe them after use
   * @throws VaultError `misuse` after {@link VaultSecrets.dispose}
   */
  exportSecrets(): Uint8Array[] {
    this.#requireUsable();
    return this.#secrets.map((secret) => Uint8Array.from(secret));
  }

  /** Wipes the secrets and every key that came from them; the object is of no use afterwards. */
  dispose(): void {
    this.#isDisposed = true;
    wipe(...this.#secrets);
    for (const { nameKey, wrapKey } of this.#keys.values()) wipe(nameKey, wrapKey);
    this.#keys.clear();
  }

  /** What was wiped is all zero, and must not be sealed or compared as if it were a secret. */
  #requireUsable(): void {
    if (this.#isDisposed) throw new VaultError('misuse', 'The secrets were wiped; open them again');
  }

  #derive(secret: Uint8Array, label: string, length: number): Uint8Array {
    return hkdf(this.#backend, secret, this.vault, utf8(label), length);
  }
}
