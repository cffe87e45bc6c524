import { defaultBackend } from '@e2eeftp/crypto';
import { formatVaultId, KeyringChain } from '@e2eeftp/vault';

import type { KeptKeyrings, VaultOnServer } from '../home/kept-keyrings.js';

/** A keyring that was accepted in an earlier run, and a chain that stands at it. */
export interface AcceptedKeyring {
  readonly chain: KeyringChain;
  readonly bytes: Uint8Array;
}

/** The keyrings of one vault that this client has accepted, and keeps where it has a home. */
export class AcceptedKeyrings {
  readonly #vault: Uint8Array;
  readonly #of: VaultOnServer;
  readonly #kept: KeptKeyrings | undefined;

  /**
   * @param vault - the vault's id, 16 bytes
   * @param server - the server's identity, 32 bytes
   * @param kept - where to keep them; by default nowhere
   */
  constructor(vault: Uint8Array, server: Uint8Array, kept: KeptKeyrings | undefined) {
    this.#vault = vault;
    this.#of = { server, vault: formatVaultId(vault) };
    this.#kept = kept;
  }

  /**
   * @returns the first keyring and the last one; nothing when none was ever accepted
   * @throws ClientError `local-file`; VaultError when a kept keyring was damaged
   */
  async read(): Promise<{ first: Uint8Array; newest: AcceptedKeyring } | undefined> {
    const kept = this.#kept;
    const sequence = (await kept?.newest(this.#of)) ?? 0;
    if (!kept || sequence === 0) return undefined;
    const first = await kept.readOne(this.#of, 1);
    const bytes = await kept.readOne(this.#of, sequence);
    const pin = { vault: this.#vault, sequence, hash: defaultBackend.sha256(bytes) };
    const chain = KeyringChain.resume(pin);
    chain.accept(bytes);
    return { first, newest: { chain, bytes } };
  }

  /**
   * @param first - the number of the first of them
   * @param keyrings - keyrings that were accepted, in their order
   * @throws ClientError `integrity` when another program accepted others meanwhile; `local-file`
   */
  async keep(first: number, keyrings: readonly Uint8Array[]): Promise<void> {
    for (const [index, keyring] of keyrings.entries()) {
      await this.#kept?.keep(this.#of, first + index, keyring);
    }
  }
}
