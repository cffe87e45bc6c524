import {
  baseName,
  compareNames,
  parentPath,
  type Entry,
  type RemotePath,
  type StoredFile,
} from '@e2eeftp/protocol';

import { readEach, storeEach } from './each-file.js';
import { requireVersion } from './file-entry.js';
import { walk, type ListedFolder } from './listing.js';
import {
  bytesOf,
  folderAt,
  makeFolderAt,
  MemoryFile,
  MemoryFolder,
  memoryTree,
  requireReplaceable,
  type MemoryNode,
} from './memory-tree.js';
import { MemoryUpload, type MemoryUploadHome } from './memory-upload.js';
import { memoryUploadName, MemoryUploads } from './memory-uploads.js';
import { PathLocks } from './path-locks.js';
import { StoreError } from './store-error.js';
import {
  ownerMode,
  type CommitOptions,
  type DeleteOptions,
  type FindUploadOptions,
  type ListOptions,
  type NewFile,
  type OverwritePolicy,
  type ReadFilesLimits,
  type ResumePoint,
  type Store,
  type StoredFileReader,
  type StoreFilesOptions,
  type Upload,
  type UploadKey,
  type UploadOptions,
  type WholeFile,
} from './store.js';
import {
  componentsOf,
  isBranch,
  requireChangeable,
  requireInTree,
  requireRenamable,
  requireWritable,
} from './tree.js';
import { LocalUsage } from './usage/local-usage.js';
import { Reservation } from './usage/reservation.js';

/** How much a {@link MemoryStore} holds. */
export interface MemoryStoreOptions {
  /** Bytes of all files and uploads; by default as many as there is memory for. */
  readonly capacity?: number | undefined;
}

/**
 * Keeps files in memory, for tests and for programs that hand on what they receive. Nothing of it
 * outlives the process.
 */
export class MemoryStore implements Store {
  readonly locks = new PathLocks();
  readonly #root = memoryTree();
  readonly #uploads = new MemoryUploads();
  readonly #usage: LocalUsage;
  readonly #capacity: number;
  #unnamedUploads = 0;
  #usedBytes = 0;
  #isClosed = false;

  /** @param options - how much it holds */
  constructor(options: MemoryStoreOptions = {}) {
    this.#capacity = options.capacity ?? Infinity;
    this.#usage = new LocalUsage({
      folder: (path) => this.#call(() => this.#bytesAt(path)),
      // What is kept of uploads goes with the process that could lose one.
      upload: () => Promise.resolve(0),
    });
  }

  stat(path: RemotePath): Promise<Entry> {
    return this.#call(() => ({ path, ...this.#find(path).facts }));
  }

  async *list(path: RemotePath, options: ListOptions): AsyncGenerator<Entry, void> {
    const folder = await this.#call(() => this.#find(path));
    if (folder instanceof MemoryFile) throw new StoreError('not-found', 'There is no folder');
    yield* walk(listedFolder(folder), path, options);
  }

  open(path: RemotePath): Promise<StoredFileReader> {
    return this.#call(() => {
      const file = this.#find(path);
      if (file instanceof MemoryFolder) throw new StoreError('not-found', 'There is no file');
      return readerOf(file);
    });
  }

  async createUpload(options: UploadOptions): Promise<Upload> {
    const { path, size = 0, resumable, quota } = options;
    const replaced = await this.#call(() => {
      requireWritable(path);
      this.#requirePlace(path);
      this.#requireRoom(size - (resumable?.offset ?? 0));
      return this.#bytesAt(path);
    });
    const name = resumable ? memoryUploadName(resumable) : `${this.#unnamedUploads++}`;
    const room = { upload: name, path, replaced, quota };
    const reservation = new Reservation(this.#usage, room);
    const home: MemoryUploadHome = {
      reservation,
      reserve: (bytes) => {
        this.#requireRoom(bytes);
        this.#usedBytes += bytes;
      },
      commit: async (parts, bytes, commit) => {
        await reservation.settle(this.#bytesAt(path));
        return this.#call(() => {
          const change = { bytes: bytes - this.#bytesAt(path), since: this.#usage.clock };
          const file = this.#place(path, parts, bytes, commit);
          reservation.stored(change);
          return file;
        });
      },
    };
    if (resumable) return this.#uploads.open(home, options, resumable);
    await reservation.take(size);
    return new MemoryUpload(home);
  }

  storeFiles(
    files: readonly NewFile[],
    options: StoreFilesOptions,
  ): Promise<PromiseSettledResult<StoredFile>[]> {
    return storeEach(this, files, options);
  }

  readFiles(
    paths: readonly RemotePath[],
    limits: ReadFilesLimits,
  ): Promise<PromiseSettledResult<WholeFile>[]> {
    return readEach(this, paths, limits);
  }

  async findUpload(key: UploadKey, { digest }: FindUploadOptions): Promise<ResumePoint> {
    await this.#call(() => undefined);
    return this.#uploads.find(key, digest);
  }

  delete(path: RemotePath, { recursive, etag }: DeleteOptions): Promise<void> {
    return this.#call(() => {
      requireChangeable(path);
      const node = this.#find(path);
      requireVersion(node.facts, etag);
      if (node instanceof MemoryFolder && node.names().length > 0 && !recursive) {
        throw new StoreError('conflict', 'The folder is not empty');
      }
      this.#folderOf(path).remove(baseName(path));
      this.#usedBytes -= bytesOf(node);
      this.#usage.changed({ path, bytes: -bytesOf(node), since: this.#usage.clock });
    });
  }

  rename(from: RemotePath, to: RemotePath, overwrite: OverwritePolicy): Promise<void> {
    return this.#call(() => {
      requireRenamable(from, to);
      const node = this.#find(from);
      const replaced = this.#bytesAt(to);
      this.#put(to, node, node instanceof MemoryFile ? overwrite : 'never');
      if (from === to) return;
      this.#folderOf(from).remove(baseName(from));
      const [bytes, since] = [bytesOf(node), this.#usage.clock];
      this.#usage.changed({ path: from, bytes: -bytes, since });
      this.#usage.changed({ path: to, bytes: bytes - replaced, since });
    });
  }

  setMode(path: RemotePath, mode: number): Promise<StoredFile> {
    return this.#call(() => {
      requireChangeable(path);
      const node = this.#find(path);
      if (node instanceof MemoryFolder) throw new StoreError('not-found', 'There is no file');
      const { parts, file } = node;
      const changed = new MemoryFile(parts, file.size, file.mtime, mode | ownerMode);
      this.#folderOf(path).set(baseName(path), changed);
      return changed.file;
    });
  }

  makeDirectory(path: RemotePath): Promise<void> {
    return this.#call(() => {
      if (path !== '' && !isBranch(path)) requireWritable(path);
      makeFolderAt(this.#root, componentsOf(path));
    });
  }

  async used(home: RemotePath): Promise<number> {
    await this.#call(() => undefined);
    return this.#usage.used(home);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  #place(
    path: RemotePath,
    parts: readonly Uint8Array[],
    size: number,
    { overwrite, mtime = Date.now(), mode = 0 }: CommitOptions,
  ): StoredFile {
    const node = new MemoryFile(parts, size, mtime, mode | ownerMode);
    this.#put(path, node, overwrite);
    return node.file;
  }

  #put(path: RemotePath, node: MemoryNode, overwrite: OverwritePolicy): void {
    const existing = this.#findIfThere(path);
    requireReplaceable(existing, overwrite);
    makeFolderAt(this.#root, componentsOf(parentPath(path))).set(baseName(path), node);
    if (existing && existing !== node) this.#usedBytes -= bytesOf(existing);
  }

  #requirePlace(path: RemotePath): void {
    for (let place = path; place !== ''; place = parentPath(place)) {
      const node = this.#findIfThere(place);
      if (!node) continue;
      if (node instanceof MemoryFile === (place === path)) return;
      throw new StoreError('conflict', 'Something else is in the way of the file');
    }
  }

  #requireRoom(bytes: number): void {
    if (this.#usedBytes + bytes <= this.#capacity) return;
    throw new StoreError('no-space', `The store is full: it holds ${this.#capacity} bytes`);
  }

  #bytesAt(path: RemotePath): number {
    const node = this.#findIfThere(path);
    return node ? bytesOf(node) : 0;
  }

  #find(path: RemotePath): MemoryNode {
    requireInTree(path);
    if (path === '') return this.#root;
    const node = this.#folderOf(path).get(baseName(path));
    if (!node) throw new StoreError('not-found', 'There is neither a file nor a folder');
    return node;
  }

  #findIfThere(path: RemotePath): MemoryNode | undefined {
    try {
      return this.#find(path);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  #folderOf(path: RemotePath): MemoryFolder {
    return folderAt(this.#root, componentsOf(parentPath(path)));
  }

  /** Does all of it at once, so that no two calls ever meet half way. */
  #call<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      if (this.#isClosed) throw new StoreError('io', 'The store was closed');
      resolve(work());
    });
  }
}

function listedFolder(folder: MemoryFolder): ListedFolder {
  return {
    names: () => Promise.resolve(folder.names().sort(compareNames)),
    facts: (names) => Promise.resolve(names.map((name) => folder.get(name)?.facts)),
    openFolder(name) {
      const inner = folder.get(name);
      return Promise.resolve(inner instanceof MemoryFolder ? listedFolder(inner) : undefined);
    },
    close: () => undefined,
  };
}

function readerOf({ parts, file }: MemoryFile): StoredFileReader {
  return {
    file,
    // eslint-disable-next-line @typescript-eslint/require-await -- nothing is read from elsewhere
    async *read(offset, length) {
      let start = 0;
      for (const part of parts) {
        const from = Math.max(offset - start, 0);
        const to = Math.min(offset + length - start, part.length);
        if (from < to) yield part.subarray(from, to);
        start += part.length;
      }
    },
    close: () => Promise.resolve(),
  };
}
