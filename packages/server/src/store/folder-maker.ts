import { lstat, rmdir } from 'node:fs/promises';

import { baseName, parentPath, type RemotePath } from '@e2eeftp/protocol';

import { makeFolderAt } from './folder-entries.js';
import { Folder, type FolderRoot } from './folder.js';
import { StoreError } from './store-error.js';
import { asStoreError, unlessMissing } from './system-errors.js';
import { componentsOf } from './tree.js';

/** How folders are made. */
export interface FolderMakerOptions {
  /** Whether other processes make folders in the same tree. */
  readonly isShared: boolean;
  /** Whether a folder is durable before it is opened. */
  readonly isDurable: boolean;
}

/** Milliseconds in which another process has surely made a folder durable, or has died. */
const makingTime = 60_000;

/** Opens folders that something is to be put into, and makes them where they are missing. */
export class FolderMaker {
  readonly #root: FolderRoot;
  readonly #options: FolderMakerOptions;
  /** Folders that are being made. */
  readonly #making = new Set<Promise<unknown>>();

  /**
   * @param root - where the tree begins
   * @param options - how folders are made
   */
  constructor(root: FolderRoot, options: FolderMakerOptions) {
    this.#root = root;
    this.#options = options;
  }

  /**
   * @param path - a folder, maybe one that is missing, as those above it may be
   * @returns the folder, which the caller closes
   * @throws StoreError `conflict` when something else is in the way
   */
  async open(path: RemotePath): Promise<Folder> {
    const folder = await unlessMissing(this.#openFolder(path));
    if (!folder) return this.#make(path);
    try {
      // It is there before it is durable, and then what is put into it would not be either.
      await Promise.allSettled(this.#making);
      const { isShared, isDurable } = this.#options;
      if (isShared && isDurable) await this.#makeAllAboveDurable(path);
      return folder;
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  async #make(path: RemotePath): Promise<Folder> {
    const made = this.#makeAll(componentsOf(path));
    this.#making.add(made);
    try {
      return await made;
    } finally {
      this.#making.delete(made);
    }
  }

  async #makeAll(components: readonly string[]): Promise<Folder> {
    let folder = await Folder.open(this.#root, []);
    for (const name of components) {
      try {
        if (await makeFolderAt(folder.at(name))) await this.#makeNewDurable(folder, name);
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

  /** Whoever comes later takes a folder that is there for durable. */
  async #makeNewDurable(folder: Folder, name: string): Promise<void> {
    try {
      await folder.verify();
      if (this.#options.isDurable) await folder.sync();
    } catch (error) {
      await rmdir(folder.at(name)).catch(() => undefined);
      throw asStoreError('Cannot make a folder durable', error);
    }
  }

  /** Another process may be making one of them just now. */
  async #makeAllAboveDurable(path: RemotePath): Promise<void> {
    for (let above = path; above !== ''; above = parentPath(above)) {
      const folder = await this.#openFolder(parentPath(above));
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

  #openFolder(path: RemotePath): Promise<Folder> {
    return Folder.open(this.#root, componentsOf(path));
  }
}
