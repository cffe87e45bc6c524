import { baseName, parentPath, type RemotePath } from '@e2eeftp/protocol';

import type { EntryFacts } from './file-entry.js';
import { lookAt } from './folder-entries.js';
import { Folder, type FolderRoot } from './folder.js';
import { FolderNames } from './folder-names.js';
import { componentsOf } from './tree.js';

/** Reaches the folders of a tree by their paths in it. */
export class TreeFolders {
  /** Reads what their entries are called. */
  readonly names = new FolderNames();
  readonly #root: FolderRoot;

  /** @param root - where the tree begins */
  constructor(root: FolderRoot) {
    this.#root = root;
  }

  /**
   * @param path - a folder
   * @returns it, to be closed
   * @throws StoreError `not-found`
   */
  open(path: RemotePath): Promise<Folder> {
    return Folder.open(this.#root, componentsOf(path));
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
