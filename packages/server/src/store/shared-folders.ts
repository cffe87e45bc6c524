import { Folder, type FolderRoot } from './folder.js';

/**
 * Lets calls that use a folder at the same time share it: to open one for each of many small files
 * costs as much as the files do.
 */
export class SharedFolders {
  readonly #root: FolderRoot;
  readonly #folders = new Map<string, Promise<Folder>>();

  /** @param root - where the tree begins */
  constructor(root: FolderRoot) {
    this.#root = root;
  }

  /**
   * @param components - the names that lead to the folder
   * @returns the folder, to be closed by whoever asked for it
   * @throws StoreError as `Folder.open` does
   */
  async open(components: readonly string[]): Promise<Folder> {
    const key = components.join('/');
    const shared = await this.#folders.get(key)?.catch(() => undefined);
    // What was opened before may have been moved away since.
    if (shared?.isInPlace === true) return shared.share();
    const opening = Folder.open(this.#root, components);
    this.#folders.set(key, opening);
    try {
      const folder = await opening;
      folder.onClose = () => {
        this.#forget(key, opening);
      };
      return folder;
    } catch (error) {
      this.#forget(key, opening);
      throw error;
    }
  }

  #forget(key: string, opening: Promise<Folder>): void {
    if (this.#folders.get(key) === opening) this.#folders.delete(key);
  }
}
