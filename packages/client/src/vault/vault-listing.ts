import { rootPath, type Entry, type RemotePath } from '@e2eeftp/protocol';
import { contentFileSize, VaultError } from '@e2eeftp/vault';

import { ClientError, throwIfAborted } from '../errors.js';
import type { VaultFolder } from './vault-folder.js';
import type { LookOptions, VaultFolders } from './vault-folders.js';
import { etagOf, type VaultItem } from './vault-item.js';

/** What a vault's listing says of an entry. Its time is the server's word: see {@link VaultTree}. */
export interface VaultEntry extends Entry {
  /**
   * Why it is no entry that can be used, as `VaultNames` of `@e2eeftp/vault` says: its name was altered,
   * say. It can be removed.
   */
  readonly damaged?: string;
  /** Whether other entries were given the same name, by members who wrote at the same time. */
  readonly isConflict?: boolean;
}

/** Folders that are listed ahead of the loop, so that they do not cost a round trip each. */
const foldersAhead = 16;

/**
 * Lists a folder of a vault in the order of listings.
 *
 * @param folders - the folders of the vault
 * @param folder - which one, just listed
 * @param options - whether to go into its folders, and a signal
 * @returns its entries, with paths relative to it
 * @throws ClientError
 */
export function listVaultFolder(
  folders: VaultFolders,
  folder: VaultFolder,
  options: LookOptions & { readonly recursive: boolean },
): AsyncGenerator<VaultEntry, void, void> {
  return listBelow(folders, folder, rootPath, options);
}

async function* listBelow(
  folders: VaultFolders,
  folder: VaultFolder,
  prefix: RemotePath,
  options: LookOptions & { readonly recursive: boolean },
): AsyncGenerator<VaultEntry, void, void> {
  const { recursive, signal } = options;
  const listed = entriesOf(folder);
  const below = listed.flatMap(({ item }) => (item?.stored.type === 'directory' ? [item] : []));
  const ahead: Promise<VaultFolder | undefined>[] = [];
  const ask = (): void => {
    const next = recursive ? below.shift() : undefined;
    if (!next) return;
    const child = folders.child(folder, next, options).catch(unlessMissing);
    // Who leaves the loop before does not hear of its failure.
    child.catch(() => undefined);
    ahead.push(child);
  };
  for (let count = 0; count < foldersAhead; count++) ask();
  for (const { name, item, entry } of listed) {
    throwIfAborted(signal);
    const path = prefix === '' ? name : `${prefix}/${name}`;
    yield { ...entry, path: path as RemotePath };
    if (!recursive || item?.stored.type !== 'directory') continue;
    const child = await ahead.shift();
    ask();
    if (child) yield* listBelow(folders, child, path as RemotePath, options);
  }
}

/** It was removed since the folder above it was listed. */
function unlessMissing(error: unknown): undefined {
  if (error instanceof ClientError && error.code === 'not-found') return undefined;
  throw error;
}

interface Listed {
  readonly name: string;
  readonly item: VaultItem | undefined;
  readonly entry: Omit<VaultEntry, 'path'>;
}

/** All at once, since what is in the folder may change while the loop takes its time. */
function entriesOf(folder: VaultFolder): Listed[] {
  return folder.sortedNames().flatMap((name): Listed[] => {
    const item = folder.entries.get(name);
    if (item) return [{ name, item, entry: entryOf(item) }];
    const damaged = folder.damaged.get(name);
    if (!damaged) return [];
    const { storedSize: size, mtime, etag } = damaged.stored;
    // Never a folder: nobody could tell what is in it.
    const entry = { type: 'file', size, mtime, etag, damaged: damaged.reason } as const;
    return [{ name, item: undefined, entry }];
  });
}

/**
 * @param item - an entry
 * @returns what a listing says of it, but for its path
 */
export function entryOf(item: VaultItem): Omit<VaultEntry, 'path'> {
  const { stored, isConflict } = item;
  const { type, mtime, storedSize, etag } = stored;
  const conflict = isConflict ? { isConflict } : {};
  if (type === 'directory') return { type, size: 0, mtime, etag, ...conflict };
  try {
    return { type, size: contentFileSize(storedSize), mtime, etag: etagOf(item), ...conflict };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { type, size: storedSize, mtime, etag: etagOf(item), damaged: error.code, ...conflict };
  }
}
