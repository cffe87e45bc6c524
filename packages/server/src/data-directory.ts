import { mkdir } from 'node:fs/promises';

import type { Identity } from '@e2eeftp/crypto';

import {
  AuthorizedClientsFile,
  authorizedClientsName,
} from './authorization/authorized-clients-file.js';
import { DirectoryLock } from './directory-lock.js';
import { loadOrCreateServerIdentity } from './identity-file.js';
import { silentLogger, type Logger } from './logger.js';
import { FileStore } from './store/file-store.js';

/** How a data directory is opened. */
export interface DataDirectoryOptions {
  /** Hears of what is odd about the files. */
  readonly logger?: Logger;
}

/**
 * Everything that a server keeps on disk, in the layout that it has always had: the identity,
 * the authorized clients and the files. While it is open, no other process can serve it.
 */
export class DataDirectory {
  /** Who the server is. */
  readonly identity: Identity;
  /** Who may use it. */
  readonly authorizer: AuthorizedClientsFile;
  /** The files. */
  readonly store: FileStore;
  readonly #lock: DirectoryLock;

  private constructor(
    identity: Identity,
    authorizer: AuthorizedClientsFile,
    store: FileStore,
    lock: DirectoryLock,
  ) {
    this.identity = identity;
    this.authorizer = authorizer;
    this.store = store;
    this.#lock = lock;
  }

  /**
   * Opens a data directory, and makes what is missing in it.
   *
   * @param directory - its path
   * @param options - how to open it
   * @returns the directory, to be closed after the server that uses it
   * @throws ServerError `in-use` or `bad-file`
   */
  static async open(
    directory: string,
    options: DataDirectoryOptions = {},
  ): Promise<DataDirectory> {
    const { logger = silentLogger } = options;
    await mkdir(`${directory}/.e2eeftp`, { recursive: true, mode: 0o700 });
    const lock = await DirectoryLock.acquire(`${directory}/.e2eeftp`);
    try {
      const identity = await loadOrCreateServerIdentity(directory);
      const authorizer = new AuthorizedClientsFile(`${directory}/${authorizedClientsName}`, logger);
      const store = await FileStore.open({ directory });
      return new DataDirectory(identity, authorizer, store, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Frees the directory for others. */
  async close(): Promise<void> {
    await this.store.close();
    await this.#lock.release();
  }
}
