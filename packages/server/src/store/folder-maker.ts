import { lstat, rmdir } from 'node:fs/promises';

import type { SmallFiles } from '@e2eeftp/file-io';
import { baseName, parentPath, rootPath, type RemotePath } from '@e2eeftp/protocol';

import type { FolderRoom } from './coordination.js';
import { addEntry, makeFolderAt, reserveRoom } from './folder-entries.js';
import type { Folder } from './folder.js';
import { StoreError } from './store-error.js';
import type { OverwritePolicy } from './store.js';
import { asStoreError, unlessMissing } from './system-errors.js';
import type { TreeFolders } from './tree-folders.js';
import { componentsOf } from './tree.js';

/** Milliseconds in which another process has surely made a folder durable, or has died. */
const makingTime = 60_000;

/** What {@link FolderMaker} works with. */
export interface FolderMakerOptions {
  readonly tree: TreeFolders;
  readonly smallFiles: SmallFiles;
  /** Of the folders. */
  readonly room: FolderRoom;
  /** Whether what is made is to survive a loss of power. */
  readonly isDurable: boolean;
  /** Whether other processes make folders in the same tree. */
  readonly isShared: boolean;
}

/** Makes folders, and puts entries into them, as durable and as many as there may be. */
export class FolderMaker {
  readonly #options: FolderMakerOptions;
  /** Folders that somebody is about to open or make. */
  readonly #wanted = new Map<RemotePath, Promise<unknown>>();
  /** Folders that are being made. */
  readonly #making = new Set<Promise<unknown>>();
  /** The same one by one, by their paths: many that make one folder need room for one entry. */
  readonly #beingMade = new Map<string, Promise<void>>();

  /** @param options - what to work with */
  constructor(options: FolderMakerOptions) {
    this.#options = options;
  }

  /**
   * @param path - a folder that something is to be put into
   * @param overwrite - what to do about a file that is there; the folder is made, unless something
   *   must be there
   * @returns the folder, which the caller closes
   * @throws StoreError
   */
  async openTarget(path: RemotePath, overwrite: OverwritePolicy): Promise<Folder> {
    if (typeof overwrite === 'string') return this.make(path);
    const folder = await unlessMissing(this.#options.tree.open(path));
    if (folder) return folder;
    throw new StoreError('conflict', 'The file that was to be replaced is gone');
  }

  /**
   * @param path - a folder; it is made, with those above it, where it is missing
   * @returns the folder, which the caller closes
   * @throws StoreError
   */
  async make(path: RemotePath): Promise<Folder> {
    const wanted = this.#wanted.get(path);
    if (wanted) {
      // Many files come at once for a new folder: only the first is to find it missing.
      await Promise.allSettled([wanted]);
      return this.#openOrMake(path);
    }
    const made = this.#openOrMake(path);
    this.#wanted.set(path, made);
    return made.finally(() => this.#wanted.delete(path));
  }

  /**
   * Adds an entry to a folder.
   *
   * @param folder - the folder, open
   * @param path - what the entry will be
   * @param add - adds it
   * @returns what `add` returns
   * @throws StoreError `directory-full`, or what `add` throws
   */
  async add<Result>(folder: Folder, path: RemotePath, add: () => Promise<Result>): Promise<Result> {
    const { room, smallFiles } = this.#options;
    // What replaces an entry needs no room.
    if (await smallFiles.exists(folder.at(baseName(path)))) return add();
    return addEntry(room, parentPath(path), add);
  }

  /**
   * Puts entries into a folder, in the place of others or as new ones.
   *
   * @param folder - the folder, open
   * @param path - its path
   * @param entries - what is to be put there
   * @param put - puts some of them there, and says how many of those are new
   * @returns those that there is no room for
   * @throws what `put` throws
   */
  async putAll<Item extends { readonly name: string }>(
    folder: Folder,
    path: RemotePath,
    entries: readonly Item[],
    put: (some: readonly Item[]) => Promise<number>,
  ): Promise<readonly Item[]> {
    const { room, smallFiles } = this.#options;
    if (await room.reserve(path, entries.length)) {
      let added = 0;
      try {
        added = await put(entries);
      } finally {
        room.settle(path, entries.length, added);
      }
      return [];
    }
    if (entries.length > 1) {
      const refused: Item[] = [];
      for (const entry of entries) refused.push(...(await this.putAll(folder, path, [entry], put)));
      return refused;
    }
    const [entry] = entries;
    // What replaces an entry needs no room.
    if (!entry || !(await smallFiles.exists(folder.at(entry.name)))) return entries;
    await put(entries);
    return [];
  }

  /**
   * Refuses early what will not fit. There may be less room by the time when the entry is added,
   * which looks again.
   *
   * @param path - a folder that is to have one more entry
   * @throws StoreError `directory-full`
   */
  async requireRoom(path: RemotePath): Promise<void> {
    const { room } = this.#options;
    await reserveRoom(room, path);
    room.settle(path, 1, 0);
  }

  /** @param folder - what has changed in it is durable afterwards, where that is wanted */
  async makeDurable(folder: Folder): Promise<void> {
    await folder.verify();
    if (this.#options.isDurable) await this.#options.smallFiles.flushFolder(folder.base);
  }

  /** Another process may be making one of them just now. */
  async #makeThoseAboveDurable(path: RemotePath): Promise<void> {
    for (let above = path; above !== ''; above = parentPath(above)) {
      const folder = await this.#options.tree.open(parentPath(above));
      try {
        const { birthtimeMs } = await lstat(folder.at(baseName(above)));
        if (Date.now() - birthtimeMs < makingTime) await folder.sync();
      } catch (error) {
        throw asStoreError('Cannot make a folder durable', error);
      } finally {
        folder.close();
      }
    }
  }

  async #openOrMake(path: RemotePath): Promise<Folder> {
    const folder = await unlessMissing(this.#options.tree.open(path));
    if (!folder) {
      const made = this.#makeAll(componentsOf(path));
      this.#making.add(made);
      return made.finally(() => this.#making.delete(made));
    }
    try {
      // It is there before it is durable, and then what is put into it would not be either.
      await Promise.allSettled(this.#making);
      const { isShared, isDurable } = this.#options;
      if (isShared && isDurable) await this.#makeThoseAboveDurable(path);
      return folder;
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  async #makeAll(components: readonly string[]): Promise<Folder> {
    let folder = await this.#options.tree.open(rootPath);
    for (const [index, name] of components.entries()) {
      const path = components.slice(0, index + 1).join('/') as RemotePath;
      try {
        await this.#makeOne(folder, path);
        const inner = await unlessMissing(folder.openFolder(name));
        if (!inner) throw new StoreError('conflict', 'Something else than a folder is in the way');
        folder.close();
        folder = inner;
      } catch (error) {
        folder.close();
        throw error;
      }
    }
    return folder;
  }

  async #makeOne(folder: Folder, path: RemotePath): Promise<void> {
    const other = this.#beingMade.get(path);
    // Who fails to make it fails alone: it may have been the disk, or the room.
    if (other) return other.catch(() => this.#makeOne(folder, path));
    const make = async (): Promise<void> => {
      await this.add(folder, path, async () => {
        const at = folder.at(baseName(path));
        const isNew = await makeFolderAt(at);
        if (isNew) await this.#makeNewDurable(folder, at);
        return isNew;
      });
    };
    const made = make().finally(() => this.#beingMade.delete(path));
    this.#beingMade.set(path, made);
    return made;
  }

  /** Whoever comes later takes a folder that is there for durable. */
  async #makeNewDurable(folder: Folder, at: string): Promise<void> {
    try {
      await this.makeDurable(folder);
    } catch (error) {
      await rmdir(at).catch(() => undefined);
      throw asStoreError('Cannot make a folder durable', error);
    }
  }
}
