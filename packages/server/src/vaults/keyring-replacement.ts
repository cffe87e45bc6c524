import { equalBytes } from '@e2eeftp/crypto';
import type { Access, StoredFile } from '@e2eeftp/protocol';
import { KeyringChain, VaultError, vaultLimits, type VaultLocation } from '@e2eeftp/vault';

import { StoreError } from '../store/store-error.js';
import type { CommitOptions, Store, Upload, UploadOptions } from '../store/store.js';
import { KeyringUpload, tooLarge } from './keyring-upload.js';
import type { Keyrings } from './keyrings.js';
import { malformed, notAllowed, outdated } from './membership.js';
import { noVault, turnFor, type VaultPlace } from './vault-place.js';

/** Who looks at the vaults. */
export interface VaultClient {
  /** The client's Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
  /** What the operator lets it do. */
  readonly access: Access;
}

/** The place of a keyring. */
export type KeyringPlace = VaultPlace & {
  readonly location: Extract<VaultLocation, { kind: 'keyring' }>;
};

/**
 * @param place - any place in a vault
 * @returns whether a keyring belongs there
 */
export function isKeyringPlace(place: VaultPlace): place is KeyringPlace {
  return place.location?.kind === 'keyring';
}

/** Takes the next keyrings of vaults from one client, or the first ones, which make vaults. */
export class KeyringReplacement {
  readonly #store: Store;
  readonly #keyrings: Keyrings;
  readonly #client: VaultClient;
  #isReceiving = false;

  /**
   * @param store - all files
   * @param keyrings - reads the keyrings among them
   * @param client - who sends
   */
  constructor(store: Store, keyrings: Keyrings, client: VaultClient) {
    this.#store = store;
    this.#keyrings = keyrings;
    this.#client = client;
  }

  /**
   * Begins to receive a keyring, unless it is clear that it cannot be the next one.
   *
   * @param place - where it is to be
   * @param options - what the client says of it
   * @returns the upload, which nobody can go on with later
   * @throws StoreError `not-found`, `not-allowed`, `conflict`, `malformed`, `too-large`, `busy`
   */
  async receive(place: KeyringPlace, options: UploadOptions): Promise<Upload> {
    const { size = 0, resumable } = options;
    const { access } = this.#client;
    await this.#requireNext(place, options);
    if (access !== 'rw' && access !== 'admin') {
      throw notAllowed('Who may not change anything cannot change who belongs to a vault');
    }
    if (resumable) throw malformed('A keyring is sent in one piece');
    if (size > vaultLimits.keyring) throw tooLarge();
    // Each is in memory as a whole.
    if (this.#isReceiving) throw new StoreError('busy', 'One keyring of a connection at a time');
    this.#isReceiving = true;
    return new KeyringUpload({
      store: (bytes, commit) => this.#replace(place, options, { bytes, commit }),
      onEnd: () => {
        this.#isReceiving = false;
      },
    });
  }

  /** All that write into the vault wait, so that what they may is decided by one keyring. */
  async #replace(
    place: KeyringPlace,
    options: UploadOptions,
    { bytes, commit }: { readonly bytes: Uint8Array; readonly commit: CommitOptions },
  ): Promise<StoredFile> {
    if (commit.overwrite !== 'never') {
      throw malformed('A keyring never replaces another one under its number');
    }
    return this.#store.locks.run([turnFor(place.root)], async () => {
      await this.#requireNext(place, options);
      await this.#check(place, bytes);
      const upload = await this.#store.createUpload({ ...options, size: bytes.length });
      try {
        await upload.write([bytes]);
        return await upload.commit(commit);
      } finally {
        await upload.discard();
      }
    });
  }

  /** Whether a keyring belongs there, whatever it says, and from this client. */
  async #requireNext(
    { vault, location: { sequence } }: KeyringPlace,
    { keyring: known }: UploadOptions,
  ): Promise<void> {
    const keyring = await this.#keyrings.inForce(vault);
    const role = keyring?.roleOf(this.#client.identity);
    if (keyring ? !role : sequence !== 1) throw noVault();
    if (keyring && role !== 'owner') throw notAllowed('Only an owner can change the members');
    const last = keyring?.sequence ?? 0;
    if (sequence !== last + 1 || (known ?? last) !== last) throw outdated();
  }

  async #check({ vault, location: { sequence } }: KeyringPlace, bytes: Uint8Array): Promise<void> {
    const isFirst = sequence === 1;
    const chain = isFirst
      ? KeyringChain.begin({ vault })
      : await this.#keyrings.chainAt(vault, sequence - 1);
    try {
      chain.accept(bytes);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      throw malformed('The keyring does not follow from the one in force', { cause: error });
    }
    // A chain also takes the keyring in force once more.
    if (chain.current.sequence !== sequence) throw malformed('The keyring has another number');
    // Nobody takes the id of somebody else's vault by showing the server that person's keyring.
    if (isFirst && !equalBytes(chain.current.signer, this.#client.identity)) {
      throw notAllowed('The first keyring of a vault comes from who signed it');
    }
  }
}
