import { baseName, parentPath, type RemotePath } from '@e2eeftp/protocol';

import type { EntryFacts } from './file-entry.js';
import { lookAt } from './folder-entries.js';
import { Folder, type FolderRoot } from './folder.js';
import { FolderNames } from './folder-names.js';
import { RecentFolders } from './recent-folders.js';
import { componentsOf } from './tree.js';

/** Milliseconds that a folder stays open behind its last use, by default. */
const defaultKeepTime = 200;

/**
 * Reaches the folders of a tree by their paths in it. Calls that use a folder at the same time, or
 * shortly after each other, share it.
 */
export class TreeFolders {
  /** Reads what their entries are called. */
  readonly names = new FolderNames();
  readonly #root: FolderRoot;
  /** Those that are in use. */
  readonly #shared = new Map<RemotePath, Promise<Folder>>();
  readonly #recent: RecentFolders;

  /**
   * @param root - where the tree begins
   * @param keepTime - milliseconds that a folder stays open behind its last use
   */
  constructor(root: FolderRoot, keepTime = defaultKeepTime) {
    this.#root = root;
    // Without descriptors nothing is open, and so there is nothing to keep.
    this.#recent = new RecentFolders(root.access === 'descriptors' ? keepTime : 0);
  }

  /**
   * @param path - a folder
   * @returns it, to be closed
   * @throws StoreError `not-found`
   */
  async open(path: RemotePath): Promise<Folder> {
    const current = this.#shared.get(path);
    if (current) {
      const shared = await current.catch(() => undefined);
      // What was opened before may have been moved away since.
      if (shared?.isInPlace === true) {
        this.#recent.keep(shared);
        return shared.share();
      }
    }
    const opening = Folder.open(this.#root, componentsOf(path));
    this.#shared.set(path, opening);
    const forget = (): void => {
      if (this.#shared.get(path) === opening) this.#shared.delete(path);
    };
    try {
      const folder = await opening;
      folder.onClose = forget;
      this.#recent.keep(folder);
      return folder;
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** Closes what nobody uses, and forgets what was read. */
  close(): void {
    this.#recent.close();
    this.names.close();
  }

  /**
   * Does something with an entry of a folder.
   *
   * @param path - the entry's, which need not exist
   * @param work - gets the folder, open as long as the work lasts, and the entry's name
   * @returns what the work returns
   * @throws StoreError `not-found` when there is no such folder
   */
  async withFolderOf<Result>(
    path: RemotePath,
    work: (folder: Folder, name: string) => Promise<Result>,
  ): Promise<Result> {
    const folder = await this.open(parentPath(path));
    try {
      return await work(folder, baseName(path));
    } finally {
      folder.close();
    }
  }

  /**
   * @param path - any path of the tree
   * @returns what is there
   * @throws StoreError `not-found`
   */
  async look(path: RemotePath): Promise<EntryFacts> {
    if (path === '') return lookAt(this.#root.path);
    return this.withFolderOf(path, (folder, name) => lookAt(folder.at(name)));
  }
}
