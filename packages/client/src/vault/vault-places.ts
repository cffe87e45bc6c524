import { joinPath, parseRelativePath, type RemotePath } from '@e2eeftp/protocol';
import { newEntryId, type DamagedEntry } from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { asClientError, ClientError } from '../errors.js';
import type { KeyedTurns } from './keyed-turns.js';
import { refusable, type OpenVault } from './open-vault.js';
import type { VaultFolder } from './vault-folder.js';
import type { LookOptions, VaultFolders } from './vault-folders.js';
import type { StoredItem, VaultItem } from './vault-item.js';

/** What is at a path of a vault. The root is in no folder. */
export type VaultPlace =
  | { readonly kind: 'root' }
  | { readonly kind: 'entry'; readonly folder: VaultFolder; readonly item: VaultItem }
  | {
      readonly kind: 'damaged';
      readonly folder: VaultFolder;
      readonly damaged: DamagedEntry<StoredItem>;
    };

/** The folder that something is to be put into, and its name there. */
export interface NewPlace {
  readonly folder: VaultFolder;
  readonly name: string;
}

/** How folders are looked at, and when one is made that is missing. */
export interface MakeOptions extends LookOptions {
  /** A listing that began before this does not show what is missing; by default, none before the call. */
  readonly missingSince?: number | undefined;
}

/** Leads from paths of a vault to what is there. */
export class VaultPlaces {
  readonly #client: Pick<Client, 'mkdir'>;
  readonly #vault: OpenVault;
  readonly #folders: VaultFolders;
  readonly #turns: KeyedTurns;

  /**
   * @param client - makes folders
   * @param vault - the vault
   * @param folders - its folders
   * @param turns - keeps two from making one folder
   */
  constructor(
    client: Pick<Client, 'mkdir'>,
    vault: OpenVault,
    folders: VaultFolders,
    turns: KeyedTurns,
  ) {
    this.#client = client;
    this.#vault = vault;
    this.#folders = folders;
    this.#turns = turns;
  }

  /**
   * Finds what is at a path. That nothing is there is never said by an older listing.
   *
   * @param path - a path in the vault
   * @param options - how fresh the listings must be, and a signal
   * @returns what is there
   * @throws ClientError `not-found`
   */
  async find(path: RemotePath, options: LookOptions): Promise<VaultPlace> {
    const since = performance.now();
    const found = await this.#seek(path, options).catch(unlessMissing);
    if (found) return found;
    const fresh = (options.since ?? -Infinity) >= since;
    const again = fresh
      ? undefined
      : await this.#seek(path, { ...options, since }).catch(unlessMissing);
    if (again) return again;
    throw new ClientError(
      'not-found',
      `There is no ${path} in the vault ${this.#vault.label}; list its folder to see what there is`,
    );
  }

  /**
   * @param path - a path in the vault
   * @param options - how fresh the listings must be, and a signal
   * @returns that folder
   * @throws ClientError `not-found`, also for a file
   */
  async folder(path: RemotePath, options: LookOptions): Promise<VaultFolder> {
    const place = await this.find(path, options);
    if (place.kind === 'root') return this.#folders.root(options);
    if (place.kind === 'entry' && place.item.stored.type === 'directory') {
      return this.#folders.child(place.folder, place.item, options);
    }
    throw new ClientError('not-found', `${path} is no folder of the vault ${this.#vault.label}`);
  }

  /**
   * Finds where something is to be put, and makes the folders that are missing there.
   *
   * @param path - a path in the vault, but not the root's
   * @param keyring - the number of the keyring in force
   * @param options - how fresh the listings must be, and a signal
   * @returns the folder, and the name
   * @throws ClientError `conflict` when a file is in the way; RefusedChange
   */
  async forNew(path: RemotePath, keyring: number, options: MakeOptions): Promise<NewPlace> {
    const names = path.split('/');
    const name = names.pop() ?? '';
    if (name === '') {
      throw new ClientError('conflict', 'The root of a vault is a folder; name something in it');
    }
    return { folder: await this.#makeAll(names, keyring, options), name };
  }

  /**
   * Makes a folder and those above it. Those that exist are fine.
   *
   * @param path - a path in the vault
   * @param keyring - the number of the keyring in force
   * @param options - how fresh the listings must be, and a signal
   * @returns the folder
   * @throws ClientError `conflict` when a file is in the way; RefusedChange
   */
  async makeFolder(path: RemotePath, keyring: number, options: MakeOptions): Promise<VaultFolder> {
    return this.#makeAll(path === '' ? [] : path.split('/'), keyring, options);
  }

  async #seek(path: RemotePath, options: LookOptions): Promise<VaultPlace | undefined> {
    if (path === '') return { kind: 'root' };
    const names = path.split('/');
    let folder = await this.#folders.root(options);
    for (const [index, name] of names.entries()) {
      const item = folder.entries.get(name);
      const isLast = index === names.length - 1;
      if (isLast && item) return { kind: 'entry', folder, item };
      const damaged = isLast ? folder.damaged.get(name) : undefined;
      if (damaged) return { kind: 'damaged', folder, damaged };
      if (item?.stored.type !== 'directory') return undefined;
      folder = await this.#folders.child(folder, item, options);
    }
    return undefined;
  }

  /** A folder on the way may have been renamed since it was listed. */
  async #makeAll(
    names: readonly string[],
    keyring: number,
    options: MakeOptions,
  ): Promise<VaultFolder> {
    const made = await this.#make(names, keyring, options).catch(unlessMissing);
    // What was listed on the way there may be older than the renaming, too.
    const since = performance.now();
    return made ?? this.#make(names, keyring, { ...options, since, missingSince: since });
  }

  async #make(
    names: readonly string[],
    keyring: number,
    options: MakeOptions,
  ): Promise<VaultFolder> {
    const since = options.missingSince ?? performance.now();
    let folder = await this.#folders.root(options);
    for (const name of names) {
      const above = folder;
      folder =
        (await this.#enter(above, name, options)) ??
        (await this.#turns.run([`${above.path}/${name}`], options.signal, async () => {
          // Somebody else may have made it: two folders of one name would stay two.
          const parent = await this.#folders.again(above, { ...options, since });
          const existing = await this.#enter(parent, name, options);
          return existing ?? this.#makeOne(parent, name, keyring, options);
        }));
    }
    return folder;
  }

  async #enter(
    parent: VaultFolder,
    name: string,
    options: Pick<LookOptions, 'signal'>,
  ): Promise<VaultFolder | undefined> {
    const item = parent.entries.get(name);
    if (item?.stored.type === 'directory') return this.#folders.child(parent, item, options);
    if (!item && !parent.damaged.has(name)) return undefined;
    throw new ClientError('conflict', `${name} is in the way: it is no folder of the vault`);
  }

  async #makeOne(
    parent: VaultFolder,
    name: string,
    keyring: number,
    { signal }: Pick<LookOptions, 'signal'>,
  ): Promise<VaultFolder> {
    const id = newEntryId();
    const stored = parent.seal(id, name);
    await refusable(this.#client.mkdir(joinPath(parent.path, stored), { keyring, signal }));
    const item = {
      stored,
      type: 'directory',
      storedSize: 0,
      mtime: Date.now(),
      etag: '0',
    } as const;
    parent.put(item, { id, name });
    return this.#folders.empty(parent, { id, stored: item });
  }
}

/**
 * @param path - a path that a caller gave
 * @returns the same
 * @throws ClientError `bad-name` when it breaks the path rules
 */
export function checkedVaultPath(path: string): RemotePath {
  try {
    return parseRelativePath(path);
  } catch (error) {
    throw asClientError(error);
  }
}

/** A folder that was renamed or removed meanwhile is not where it was listed. */
function unlessMissing(error: unknown): undefined {
  if (error instanceof ClientError && error.code === 'not-found') return undefined;
  throw error;
}
