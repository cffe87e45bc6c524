import type { Identity } from '@e2eeftp/crypto';

import {
  AuthorizedClientsFile,
  authorizedClientsName,
} from './authorization/authorized-clients-file.js';
import { FileCards } from './cards/file-cards.js';
import { DirectoryLock } from './directory-lock.js';
import { loadOrCreateServerIdentity } from './identity-file.js';
import { silentLogger, type Logger } from './logger.js';
import { makeDirectory } from './make-directory.js';
import { asServerError, ServerError } from './server-error.js';
import type { FileStoreOptions } from './store/file-store-options.js';
import { FileStore } from './store/file-store.js';
import { FileHelloRecord } from './v1/file-hello-record.js';

/** How a data directory is opened. */
export interface DataDirectoryOptions extends Pick<
  FileStoreOptions,
  'durability' | 'uploadLifetime' | 'limits' | 'coordination'
> {
  /** Hears of what is odd about the files. */
  readonly logger?: Logger;
}

/**
 * Everything that a server keeps on disk, in the layout that it has always had: the identity,
 * the authorized clients and the files. While it is open, no other process can serve it but the
 * workers of this one.
 */
export class DataDirectory {
  /** Who the server is. */
  readonly identity: Identity;
  /** Who may use it. */
  readonly authorizer: AuthorizedClientsFile;
  /** The files. */
  readonly store: FileStore;
  /** The cards that clients have published. */
  readonly cards: FileCards;
  /** The hellos that clients of the first generation have used. */
  readonly hellos: FileHelloRecord;
  readonly #lock: DirectoryLock | undefined;

  private constructor(
    identity: Identity,
    authorizer: AuthorizedClientsFile,
    files: {
      readonly store: FileStore;
      readonly cards: FileCards;
      readonly hellos: FileHelloRecord;
    },
    lock: DirectoryLock | undefined,
  ) {
    this.identity = identity;
    this.authorizer = authorizer;
    this.store = files.store;
    this.cards = files.cards;
    this.hellos = files.hellos;
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
  static async open(directory: string, options: DataDirectoryOptions = {}): Promise<DataDirectory> {
    const { logger = silentLogger, durability, uploadLifetime, limits, coordination } = options;
    // A worker's supervisor has locked it already.
    const lock = coordination ? undefined : await lockDirectory(directory);
    try {
      const identity = await loadOrCreateServerIdentity(directory, logger);
      const authorizer = new AuthorizedClientsFile(`${directory}/${authorizedClientsName}`, logger);
      const hellos = await FileHelloRecord.open(`${directory}/.e2eeftp/v1-hellos`);
      const storage = { directory, durability, uploadLifetime, limits, coordination };
      const store = await FileStore.open(storage);
      const cards = await openCards(directory, store);
      return new DataDirectory(identity, authorizer, { store, cards, hellos }, lock);
    } catch (error) {
      await lock?.release();
      throw unusable(directory, error);
    }
  }

  /** Frees the directory for others. */
  async close(): Promise<void> {
    try {
      await this.store.close();
    } finally {
      await this.#lock?.release();
    }
  }
}

async function openCards(directory: string, store: FileStore): Promise<FileCards> {
  try {
    return await FileCards.open(`${directory}/.e2eeftp/cards`, store.locks);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function lockDirectory(directory: string): Promise<DirectoryLock> {
  try {
    await makeDirectory(`${directory}/.e2eeftp`);
    return await DirectoryLock.acquire(`${directory}/.e2eeftp`);
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== 'in-use')
      throw unusable(directory, error);
    const message = `Another server uses ${directory}; stop it, or choose another directory`;
    throw new ServerError('in-use', message, { cause: error });
  }
}

/** What the system refuses becomes an error that says what it means for the directory. */
function unusable(directory: string, error: unknown): unknown {
  return asServerError(
    `Cannot keep files in ${directory}; choose a directory that this user can write to`,
    error,
  );
}
