import { setImmediate } from 'node:timers/promises';

import { joinPath, type RemotePath } from '@e2eeftp/protocol';
import {
  keyringFolderName,
  rootDirectory,
  VaultError,
  type DirectoryIds,
  type FileMetadata,
} from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { untilAborted } from '../connection/abort.js';
import { ClientError } from '../errors.js';
import { inParallel } from '../tree/task-pool.js';
import { placeOf, readHead, type FilePlace } from './file-place.js';
import { mayBeOutdated, type OpenVault } from './open-vault.js';
import { VaultFolder } from './vault-folder.js';
import type { StoredItem, VaultItem } from './vault-item.js';

/** Milliseconds for which a listing is taken for what is there, at least. */
const freshness = 1000;

/** How many times as long as it took a listing is taken for what is there: listing costs so little then. */
const worth = 20;

/** Entries of one folder; a server could list without an end. */
const longestFolder = 1_000_000;

/** Names that are opened before others get a turn: some ten milliseconds. */
const namesAtOnce = 256;

/** Heads that are read at once. */
const headsAtOnce = 16;

/** What is remembered of folders: entries of all of them together, and folders. */
const remembered = { entries: 500_000, folders: 4096 };

/** How a folder is looked at. */
export interface LookOptions {
  readonly signal: AbortSignal;
  /** A listing that began earlier (`performance.now()`) does not count; by default a recent one does. */
  readonly since?: number | undefined;
}

interface Known {
  readonly folder: VaultFolder;
  /** When its last listing began (`performance.now()`). */
  listedAt: number;
  /** Until when that counts. */
  trustedUntil: number;
  /** The listing that is under way, and when it began. */
  listing: { readonly startedAt: number; readonly done: Promise<void> } | undefined;
  /** Files whose heads tell nothing. */
  readonly headless: Set<string>;
}

/**
 * The folders of a vault as they were listed. A path leads through them: each of its names has to be
 * found among those of a folder, which can be compared only once all of them are opened.
 */
export class VaultFolders {
  readonly #client: Pick<Client, 'list' | 'getBytes'>;
  readonly #vault: OpenVault;
  /** By the path on the server, the ones used last at the end. */
  readonly #known = new Map<RemotePath, Known>();

  /**
   * @param client - asks the server
   * @param vault - the vault
   */
  constructor(client: Pick<Client, 'list' | 'getBytes'>, vault: OpenVault) {
    this.#client = client;
    this.#vault = vault;
  }

  /**
   * @param options - how fresh it must be, and a signal
   * @returns the vault's root
   * @throws ClientError
   */
  root(options: LookOptions): Promise<VaultFolder> {
    return this.#look(this.#vault.root, rootDirectory, options);
  }

  /**
   * @param folder - a folder
   * @param item - a folder in it
   * @param options - how fresh it must be, and a signal
   * @returns that folder
   * @throws ClientError
   */
  child(folder: VaultFolder, item: VaultItem, options: LookOptions): Promise<VaultFolder> {
    const path = joinPath(folder.path, item.stored.stored);
    return this.#look(path, [...folder.ids, item.id], options);
  }

  /**
   * @param folder - a folder
   * @param options - how fresh it must be, and a signal
   * @returns the same folder
   * @throws ClientError `not-found` when it is not there any more
   */
  again(folder: VaultFolder, options: LookOptions): Promise<VaultFolder> {
    return this.#look(folder.path, folder.ids, options);
  }

  /**
   * Takes up a folder that was just made: nothing is in it.
   *
   * @param folder - where it is
   * @param item - the new folder
   * @returns that folder
   */
  empty(folder: VaultFolder, item: Pick<VaultItem, 'id' | 'stored'>): VaultFolder {
    const path = joinPath(folder.path, item.stored.stored);
    const known = this.#knownAt(path, [...folder.ids, item.id]);
    known.folder.endListing([]);
    known.listedAt = performance.now();
    known.trustedUntil = known.listedAt + freshness;
    return known.folder;
  }

  /** @param path - the path on the server of a folder that is not there any more, nor what is in it */
  forget(path: RemotePath): void {
    for (const known of this.#known.keys()) {
      if (known === path || known.startsWith(`${path}/`)) this.#known.delete(known);
    }
  }

  async #look(
    path: RemotePath,
    ids: DirectoryIds,
    { signal, since = -Infinity }: LookOptions,
  ): Promise<VaultFolder> {
    const known = this.#knownAt(path, ids);
    const isFresh = (): boolean =>
      known.listedAt >= since && (since > -Infinity || known.trustedUntil > performance.now());
    while (!isFresh()) {
      if (known.listing && known.listing.startedAt < since) {
        await untilAborted(known.listing.done, signal).catch(rethrowIfAborted(signal));
        continue;
      }
      known.listing ??= this.#list(known);
      await untilAborted(known.listing.done, signal);
      break;
    }
    known.folder.use(this.#vault.opened);
    return known.folder;
  }

  /** Whoever asks for a listing shares it: it ends with the last attempt, not with one caller. */
  #list(known: Known): NonNullable<Known['listing']> {
    const startedAt = performance.now();
    known.folder.beginListing();
    const done = this.#read(known)
      .then(() => {
        known.listedAt = startedAt;
        const now = performance.now();
        known.trustedUntil = now + Math.max(freshness, worth * (now - startedAt));
      })
      .finally(() => {
        known.listing = undefined;
      });
    // Those who wait for it hear of it.
    done.catch(() => undefined);
    return { startedAt, done };
  }

  async #read(known: Known): Promise<void> {
    const { folder } = known;
    try {
      folder.use(this.#vault.opened);
      folder.endListing(await this.#items(folder));
    } catch (error) {
      folder.endListing(undefined);
      throw error;
    }
    const isUnknown = [...folder.damaged.values()].some(({ reason }) => reason === 'unknown-epoch');
    if (isUnknown && (await this.#vault.refresh())) folder.use(this.#vault.opened);
    await this.#readHeads(known);
    this.#evict();
  }

  async #items(folder: VaultFolder): Promise<StoredItem[]> {
    const items: StoredItem[] = [];
    for await (const { path, type, size, mtime, etag } of this.#client.list(folder.path)) {
      if (path === keyringFolderName) continue;
      if (items.length === longestFolder) throw tooLong();
      items.push({ stored: path, type, storedSize: size, mtime, etag });
      folder.openAhead(path);
      if (items.length % namesAtOnce === 0) await setImmediate();
    }
    return items;
  }

  /** Of entries with the same name, only their heads tell whether one has replaced the other. */
  async #readHeads({ folder, headless }: Known): Promise<void> {
    const heads = new Map<string, FileMetadata>();
    const wanted = [...folder.entries.values()].filter(
      ({ isConflict, stored }) =>
        isConflict && stored.type === 'file' && !stored.metadata && !headless.has(stored.stored),
    );
    await inParallel(each(wanted), headsAtOnce, async (item) => {
      const { stored } = item.stored;
      try {
        heads.set(stored, await this.#metadata(placeOf(folder, item)));
      } catch (error) {
        const isGone = error instanceof ClientError && error.code === 'not-found';
        if (!isGone && !(error instanceof VaultError)) throw error;
        headless.add(stored);
      }
    });
    folder.learn(heads);
  }

  async #metadata(place: FilePlace): Promise<FileMetadata> {
    const { sequence: than } = this.#vault.opened.keyring;
    const read = async (): Promise<FileMetadata> =>
      (await readHead(this.#client, this.#vault, place, undefined)).metadata;
    try {
      return await read();
    } catch (error) {
      if (!mayBeOutdated(error) || !(await this.#vault.refresh({ than }))) throw error;
      return read();
    }
  }

  #knownAt(path: RemotePath, ids: DirectoryIds): Known {
    const found = this.#known.get(path);
    this.#known.delete(path);
    const known = found ?? {
      folder: new VaultFolder(path, ids, this.#vault.opened),
      listedAt: -Infinity,
      trustedUntil: -Infinity,
      listing: undefined,
      headless: new Set<string>(),
    };
    this.#known.set(path, known);
    return known;
  }

  #evict(): void {
    let entries = 0;
    for (const { folder } of this.#known.values()) entries += folder.length;
    for (const [path, { folder, listing }] of this.#known) {
      if (entries <= remembered.entries && this.#known.size <= remembered.folders) return;
      if (listing) continue;
      this.#known.delete(path);
      entries -= folder.length;
    }
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- nothing has to be awaited
async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item, void, void> {
  yield* items;
}

/** What another caller's listing failed with is not this one's failure. */
function rethrowIfAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (signal.aborted) throw error;
  };
}

function tooLong(): ClientError {
  return new ClientError(
    'too-large',
    `A folder of the vault has more than ${longestFolder} entries; ask the members to part it`,
  );
}
