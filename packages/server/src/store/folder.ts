import {
  closeSync,
  fsync as fsyncCallback,
  open as openCallback,
  readlinkSync,
  type BigIntStats,
} from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { folderFlags } from './open-flags.js';
import { StoreError } from './store-error.js';
import { asStoreError, isStoreError, unlessMissing } from './system-errors.js';

const openDescriptor = promisify<string | Buffer, number, number>(openCallback);
const flushDescriptor = promisify(fsyncCallback);

/**
 * How the folders of a tree are reached.
 *
 * - `descriptors`: through `/proc/self/fd`, so that nothing that happens to a folder's path
 *   meanwhile leads a call elsewhere.
 * - `names`: by their paths, checked before and after. Who may write to the data directory from
 *   this machine could win a race against these checks; a peer cannot.
 */
export type FolderAccess = 'descriptors' | 'names';

/** Where a tree of folders begins. */
export interface FolderRoot {
  /** Its path without symbolic links. */
  readonly path: string;
  /** Which folder that is. */
  readonly stats: BigIntStats;
  readonly access: FolderAccess;
}

/**
 * A folder that was reached without following a symbolic link, for calls by the names of what is
 * in it. Who opens it closes it.
 */
export class Folder {
  /** What stands for the folder in paths. */
  readonly base: string;
  readonly #root: FolderRoot;
  /** Its path when it was opened. */
  readonly #path: string;
  #descriptor: number | undefined;
  #users = 1;
  #onClose: (() => void) | undefined;

  private constructor(root: FolderRoot, path: string, descriptor: number | undefined) {
    this.#root = root;
    this.#path = path;
    this.#descriptor = descriptor;
    this.base = descriptor === undefined ? path : `/proc/self/fd/${descriptor}`;
  }

  /**
   * @param root - where the tree begins
   * @param components - the names that lead to the folder
   * @returns the folder
   * @throws StoreError `not-found`, also where a symbolic link is on the way
   */
  static async open(root: FolderRoot, components: readonly string[]): Promise<Folder> {
    const path = join(root.path, ...components);
    let folder: Folder | undefined;
    try {
      folder = await Folder.#openPath(root, path, path);
      // Asks the kernel alone, no disk: faster at once than by way of another thread.
      const actual = folder.#descriptor === undefined ? path : readlinkSync(folder.base);
      if (actual !== path) throw new StoreError('not-found', 'A symbolic link led elsewhere');
      return folder;
    } catch (error) {
      folder?.close();
      if (isStoreError(error, 'not-found')) await requireRoot(root);
      throw asStoreError('Cannot open a folder', error);
    }
  }

  /**
   * @param name - the name of a folder in this one
   * @returns that folder
   * @throws StoreError `not-found`
   */
  openFolder(name: string | Buffer): Promise<Folder> {
    const at = typeof name === 'string' ? this.at(name) : this.atBytes(name);
    return Folder.#openPath(this.#root, at, join(this.#path, name.toString()));
  }

  static async #openPath(root: FolderRoot, at: string | Buffer, path: string): Promise<Folder> {
    try {
      if (root.access === 'descriptors') {
        return new Folder(root, path, await openDescriptor(at, folderFlags));
      }
      const folder = new Folder(root, path, undefined);
      await folder.verify();
      return folder;
    } catch (error) {
      throw asStoreError('Cannot open a folder', error);
    }
  }

  /**
   * @param name - the name of something in the folder
   * @returns a path for calls to the file system; no name on it is a symbolic link, but for the
   *   last maybe
   */
  at(name: string): string {
    return `${this.base}/${name}`;
  }

  /**
   * @param name - the bytes of a name, maybe none that a path can have
   * @returns as {@link Folder.at}
   */
  atBytes(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.base}/`), name]);
  }

  /**
   * Checks, after a call by a name, that it led into this folder. Open descriptors need no check.
   *
   * @throws StoreError `not-found`
   */
  async verify(): Promise<void> {
    if (this.#descriptor !== undefined) return;
    try {
      const stats = await lstat(this.#path);
      if (stats.isDirectory() && (await realpath(this.#path)) === this.#path) return;
    } catch (error) {
      throw asStoreError('Cannot look at a folder', error);
    }
    throw new StoreError('not-found', 'A symbolic link led elsewhere');
  }

  /** Makes durable what was added to the folder, or taken from it. */
  async sync(): Promise<void> {
    if (this.#descriptor === undefined) await flushFolder(this.base);
    else await flushDescriptor(this.#descriptor);
  }

  /** Whether the folder is open and where it was when it was opened, as far as that is easily known. */
  get isInPlace(): boolean {
    if (this.#descriptor === undefined) return false;
    try {
      return readlinkSync(this.base) === this.#path;
    } catch {
      return false;
    }
  }

  /** @param listener - hears that nobody uses the folder any more */
  set onClose(listener: () => void) {
    this.#onClose = listener;
  }

  /** @returns the same folder for one more user, who closes it too */
  share(): this {
    this.#users += 1;
    return this;
  }

  /** Frees what the folder holds once its last user has closed it. */
  close(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#onClose?.();
    const descriptor = this.#descriptor;
    // At once: a second call must not close what has the same number by then.
    this.#descriptor = undefined;
    if (descriptor === undefined) return;
    try {
      closeSync(descriptor);
    } catch {
      // Nothing was written through it, and the system has freed it all the same.
    }
  }
}

/**
 * Makes durable what was added to a folder, or taken from it.
 *
 * @param path - the folder
 * @throws the system's error
 */
export async function flushFolder(path: string): Promise<void> {
  // Windows flushes folders by itself, and cannot open them.
  if (process.platform === 'win32') return;
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A data directory that was moved or unmounted must not look like an empty one. */
async function requireRoot(root: FolderRoot): Promise<void> {
  const stats = await unlessMissing(lookAtRoot(root));
  if (stats?.ino === root.stats.ino && stats.dev === root.stats.dev) return;
  throw new StoreError('io', 'The data directory is not where it was when the server started');
}

async function lookAtRoot({ path }: FolderRoot): Promise<BigIntStats> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    throw asStoreError('Cannot look at the data directory', error);
  }
}
