import { fingerprint } from '@e2eeftp/crypto';
import {
  KeyringChain,
  openKeyring,
  VaultError,
  type Keyring,
  type OpenedKeyring,
  type SealingIdentity,
  type VaultSecrets,
} from '@e2eeftp/vault';

import type { AcceptedKeyring, AcceptedKeyrings } from './accepted-keyrings.js';
import type { KeyringFiles } from './keyring-files.js';

/** Who must have begun a vault: a fingerprint, or who is shown it, and throws to refuse. */
export type FirstOwner = string | ((fingerprint: string) => Promise<void>);

/** Where a client stands in the keyrings of a vault. */
export interface Standing {
  /** The keyring that was accepted last, opened. */
  readonly opened: OpenedKeyring;
  /** All of its bytes. */
  readonly bytes: Uint8Array;
}

/** Where a walk begins. */
interface Start {
  readonly chain: KeyringChain;
  /** The highest number that the server lists. */
  readonly highest: number;
  /** The keyring that the chain stands at, if it could be opened. */
  readonly opened?: OpenedKeyring | undefined;
  readonly bytes?: Uint8Array | undefined;
  /** Looks at the first keyring before anything is kept. */
  readonly approve?: ((first: Keyring) => Promise<void>) | undefined;
}

/** Bytes of keyrings that are held before the last of them is opened, and all are kept. */
const largestRun = 32 * 1024 * 1024;

/** Walks through the keyrings of one vault. It owns the secrets that it found on the way. */
export class KeyringWalk implements Disposable {
  readonly #files: KeyringFiles;
  readonly #accepted: AcceptedKeyrings;
  readonly #sealing: SealingIdentity;
  readonly #secrets: VaultSecrets[] = [];

  /**
   * @param files - the vault's keyrings on the server
   * @param accepted - those that were accepted here
   * @param sealing - opens them
   */
  constructor(files: KeyringFiles, accepted: AcceptedKeyrings, sealing: SealingIdentity) {
    this.#files = files;
    this.#accepted = accepted;
    this.#sealing = sealing;
  }

  /**
   * Walks from where this client stood in an earlier run, or from the beginning.
   *
   * @param vault - the vault's id, 16 bytes
   * @param firstOwner - who must have begun it
   * @param signal - ends the walk
   * @returns the newest keyring
   * @throws ClientError, VaultError
   */
  async begin(vault: Uint8Array, firstOwner: FirstOwner, signal: AbortSignal): Promise<Standing> {
    const accepted = await this.#accepted.read();
    const origin = typeof firstOwner === 'string' ? { vault, firstOwner } : { vault };
    const chain = KeyringChain.begin(origin);
    const approve = async ({ signer }: Keyring): Promise<void> => {
      if (typeof firstOwner === 'function') await firstOwner(fingerprint(signer));
    };
    if (!accepted) {
      const highest = await this.#files.highest(signal);
      return this.#walk({ chain, highest, approve }, signal);
    }
    await approve(chain.accept(accepted.first));
    return this.#resume(accepted.newest, signal);
  }

  /**
   * Walks on.
   *
   * @param standing - where this client stands
   * @param signal - ends the walk
   * @returns the newest keyring, which may be the same
   * @throws ClientError, VaultError
   */
  async onward({ opened, bytes }: Standing, signal: AbortSignal): Promise<Standing> {
    const chain = KeyringChain.resume(opened.pin);
    chain.accept(bytes);
    const highest = await this.#files.highest(signal);
    return this.#walk({ chain, highest, opened, bytes }, signal);
  }

  [Symbol.dispose](): void {
    for (const secrets of this.#secrets.splice(0)) secrets.dispose();
  }

  /** From a keyring that was accepted in an earlier run, and must still be there. */
  async #resume({ chain, bytes }: AcceptedKeyring, signal: AbortSignal): Promise<Standing> {
    const [highest, isThere] = await Promise.all([
      this.#files.highest(signal),
      this.#files.has(chain.pin, signal),
    ]);
    if (!isThere) await this.#refuse(chain, signal);
    const opened = this.#openEarlier(chain);
    return this.#walk({ chain, highest, opened, bytes }, signal);
  }

  async #walk(
    { chain, highest, approve, ...start }: Start,
    signal: AbortSignal,
  ): Promise<Standing> {
    let { opened, bytes } = start;
    let run: Uint8Array[] = [];
    let size = 0;
    for await (const keyring of this.#files.read(chain.nextSequence, highest, signal)) {
      const { sequence } = chain.accept(keyring);
      if (sequence === 1) await approve?.(chain.current);
      run.push(keyring);
      bytes = keyring;
      size += keyring.length;
      if (size < largestRun || sequence === highest) continue;
      opened = (await this.#settle(chain, run, opened).catch(unlessOutside)) ?? opened;
      run = [];
      size = 0;
    }
    chain.requireNewest(highest);
    if (!bytes) {
      throw new VaultError('gap', 'The server lists the vault, but no keyring; ask its operator');
    }
    if (opened?.keyring.sequence !== chain.current.sequence) {
      opened = await this.#settle(chain, run, opened);
    }
    return { opened, bytes };
  }

  /**
   * Opens the keyring that a chain stands at, and only then keeps it and those before it: kept ones
   * are what its secrets are compared with.
   */
  async #settle(
    chain: KeyringChain,
    run: readonly Uint8Array[],
    earlier: OpenedKeyring | undefined,
  ): Promise<OpenedKeyring> {
    const first = chain.current.sequence - run.length + 1;
    try {
      const opened = this.#open(chain, earlier);
      await this.#accepted.keep(first, run);
      return opened;
    } catch (error) {
      // Who has been put out must not be shown later what was before, as if it were still so.
      if (isOutside(error)) await this.#accepted.keep(first, run);
      throw error;
    }
  }

  #open(chain: KeyringChain, earlier?: OpenedKeyring): OpenedKeyring {
    const opened = openKeyring(chain, this.#sealing, earlier?.secrets);
    this.#secrets.push(opened.secrets);
    return opened;
  }

  /** Whoever comes back may not have been a member meanwhile. */
  #openEarlier(chain: KeyringChain): OpenedKeyring | undefined {
    try {
      return this.#open(chain);
    } catch (error) {
      const isSealedToOthers = error instanceof VaultError && error.code === 'unopenable';
      if (isSealedToOthers || isOutside(error)) return undefined;
      throw error;
    }
  }

  /** Lets what stands in the place of an accepted keyring say itself why it is refused. */
  async #refuse(chain: KeyringChain, signal: AbortSignal): Promise<void> {
    const { sequence } = chain.pin;
    for await (const keyring of this.#files.read(sequence, sequence, signal)) {
      chain.accept(keyring);
      return;
    }
    chain.requireNewest(sequence - 1);
  }
}

function isOutside(error: unknown): boolean {
  return error instanceof VaultError && error.code === 'not-a-member';
}

function unlessOutside(error: unknown): undefined {
  if (isOutside(error)) return undefined;
  throw error;
}
