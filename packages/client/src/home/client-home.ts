import { join } from 'node:path';

import type { Identity } from '@e2eeftp/crypto';

import { ConfigurationFile } from './configuration-file.js';
import { defaultHomePath } from './home-path.js';
import {
  loadIdentity,
  loadOrCreateIdentity,
  type IdentityFileOptions,
  type NewIdentityOptions,
} from './identity-file.js';
import { KeptKeyrings } from './kept-keyrings.js';
import { KnownServersFile } from './known-servers-file.js';
import { KnownVaults } from './known-vaults.js';
import { SeenEntries } from './seen-entries.js';
import { FileTransferJournal } from './transfer-journal.js';
import { VaultUploads } from './vault-uploads.js';

/**
 * Everything that a client keeps between two runs, in one folder: `client_id.key`, `config.toml`,
 * `known_servers`, `vaults.toml` and the folders `transfers`, `vault-uploads`, `keyrings` and `seen`.
 * Nothing is read or made before it is asked for.
 */
export class ClientHome {
  /** The folder. */
  readonly path: string;
  /** Where the private key is, unless the user says otherwise. */
  readonly identityPath: string;
  /** Where servers are, by the names that the user gave them. */
  readonly configuration: ConfigurationFile;
  /** The keys by which servers are known. */
  readonly knownServers: KnownServersFile;
  /** Transfers that were broken off. */
  readonly transfers: FileTransferJournal;
  /** Uploads into vaults that were broken off. */
  readonly vaultUploads: VaultUploads;
  /** The keyrings of vaults that were accepted. */
  readonly keyrings: KeptKeyrings;
  /** What vaults and people are called here. */
  readonly vaults: KnownVaults;
  /** What was in vaults when they were verified last. */
  readonly seen: SeenEntries;

  /** @param path - the folder; it need not exist */
  constructor(path: string = defaultHomePath()) {
    this.path = path;
    this.identityPath = join(path, 'client_id.key');
    this.configuration = new ConfigurationFile(join(path, 'config.toml'));
    this.knownServers = new KnownServersFile(join(path, 'known_servers'));
    this.transfers = new FileTransferJournal(join(path, 'transfers'));
    this.vaultUploads = new VaultUploads(join(path, 'vault-uploads'));
    this.keyrings = new KeptKeyrings(join(path, 'keyrings'));
    this.vaults = new KnownVaults(join(path, 'vaults.toml'));
    this.seen = new SeenEntries(join(path, 'seen'));
  }

  /**
   * @param options - what the file may need
   * @returns who the user is
   * @throws ClientError `bad-identity` when there is no usable key
   */
  loadIdentity(options: IdentityFileOptions = {}): Promise<Identity> {
    return loadIdentity(this.identityPath, options);
  }

  /**
   * @param options - what the file may need
   * @returns who the user is, and whether the key was made just now
   * @throws ClientError `bad-identity` when there is a key that is not usable
   */
  loadOrCreateIdentity(
    options: NewIdentityOptions = {},
  ): Promise<{ identity: Identity; isNew: boolean }> {
    return loadOrCreateIdentity(this.identityPath, options);
  }
}
