import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';

import { SmallFiles } from '@e2eeftp/file-io';
import {
  baseName,
  parentPath,
  type Entry,
  type RemotePath,
  type StoredFile,
} from '@e2eeftp/protocol';

import { localCoordination, type StoreCoordination } from './coordination.js';
import { emptyTrash, joinDirectory, openDirectory, type DiskLayout } from './disk-layout.js';
import { changeMode } from './file-mode.js';
import { openFile } from './file-reader.js';
import { countEntries, listedFolder } from './folder-listing.js';
import type { FileStoreOptions } from './file-store-options.js';
import { FolderMaker } from './folder-maker.js';
import { FolderSizes } from './folder-sizes.js';
import { walk } from './listing.js';
import { OpenFiles } from './open-files.js';
import type { PathLocking } from './path-locks.js';
import { readFiles } from './read-files.js';
import { StoreError } from './store-error.js';
import { defaultStoreLimits, type StoreLimits } from './store-limits.js';
import type {
  DeleteOptions,
  FindUploadOptions,
  ListOptions,
  NewFile,
  OverwritePolicy,
  ReadFilesLimits,
  ResumePoint,
  Store,
  StoredFileReader,
  StoreFilesOptions,
  Upload,
  UploadKey,
  UploadOptions,
  WholeFile,
} from './store.js';
import { asStoreError, unlessMissing } from './system-errors.js';
import { TreeFolders } from './tree-folders.js';
import {
  branches,
  isBranch,
  requireChangeable,
  requireInTree,
  requireRenamable,
  requireWritable,
} from './tree.js';
import { FileUpload } from './uploads/file-upload.js';
import { ResumableUploads } from './uploads/resumable-uploads.js';
import { SmallUploads } from './uploads/small-uploads.js';
import { findPlaced } from './uploads/find-placed.js';
import { TreeUploads } from './uploads/tree-uploads.js';
import { writtenBytes } from './uploads/upload-files.js';
import { deletePlace, movePlace } from './usage/counted-changes.js';
import { bytesOfFolder } from './usage/folder-bytes.js';

/** Locked while a folder is moved, and while bytes are counted: a count could miss what is moved. */
const moves = '.e2eeftp/moves';

const defaultUploadLifetime = 24 * 60 * 60 * 1000;
const longestSweepInterval = 60 * 60 * 1000;
const shortestSweepInterval = 1000;

/**
 * Keeps files as files of a directory, in its folders `received` and `vaults`. What is being
 * uploaded lies under `.e2eeftp`, on the same file system, and is renamed into its place once all
 * of it is on the disk: a crash at any moment leaves the old file or the new one.
 *
 * Other programs may read and change the folders meanwhile. What is neither a regular file nor a
 * folder, and what has a name that the path rules refuse, does not exist for peers, symbolic links
 * above all. A file is replaced, never changed: who reads it goes on reading the old one. One that
 * is renamed where none may be replaced has both names for a moment; a process that dies just then
 * leaves it with both, whole.
 */
export class FileStore implements Store {
  readonly #disk: DiskLayout;
  /** What all that use the directory have to agree upon. */
  readonly coordination: StoreCoordination;
  /** Whether what is acknowledged is to survive a loss of power. */
  readonly #isDurable: boolean;
  readonly #tree: TreeFolders;
  readonly #folders: FolderMaker;
  readonly #files: OpenFiles;
  /** Not in use where others decide. */
  readonly #sizes: FolderSizes;
  readonly #uploads: ResumableUploads;
  readonly #newUploads: TreeUploads;
  readonly #smallUploads: SmallUploads;
  readonly #smallFiles: SmallFiles;
  readonly #sweeping: NodeJS.Timeout | undefined;
  /** Calls that {@link FileStore.close} waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  private constructor(disk: DiskLayout, options: FileStoreOptions) {
    const { durability = 'full', uploadLifetime = defaultUploadLifetime, coordination } = options;
    this.#disk = disk;
    this.#isDurable = durability === 'full';
    this.#tree = new TreeFolders(disk.root, options.keepFolders);
    this.#smallFiles = new SmallFiles(options.threads);
    const { directorySize, openFiles } = { ...defaultStoreLimits, ...options.limits };
    this.#files = new OpenFiles(openFiles);
    this.#sizes = new FolderSizes({
      count: (folder, atMost) => this.#countEntries(folder, atMost),
      limit: directorySize,
    });
    this.coordination =
      coordination ??
      localCoordination(this.#sizes, {
        folder: (path) => this.#countBytes(path),
        upload: async (upload) => (await writtenBytes(upload)) ?? 0,
      });
    this.#folders = new FolderMaker({
      tree: this.#tree,
      room: this.coordination.room,
      isDurable: this.#isDurable,
      smallFiles: this.#smallFiles,
      isShared: coordination !== undefined,
    });
    this.#uploads = new ResumableUploads({
      directory: disk.resumable,
      lifetime: uploadLifetime,
      coordination: this.coordination,
      findPlaced: (state) => findPlaced(state, this.#tree, this.#folders),
    });
    const uploads = {
      disk,
      tree: this.#tree,
      folders: this.#folders,
      files: this.#files,
      smallFiles: this.#smallFiles,
      usage: this.coordination.usage,
      resumable: this.#uploads,
      flushTurn: this.#isDurable ? { isTaken: false } : undefined,
      change: this.#change.bind(this),
    };
    this.#newUploads = new TreeUploads(uploads);
    this.#smallUploads = new SmallUploads(uploads);
    if (!coordination) this.#sweeping = this.#sweepNowAndThen(uploadLifetime);
  }

  /**
   * Opens a data directory: makes what is missing and removes what an earlier process left behind.
   *
   * @param options - where and how the files are kept
   * @returns the store, which the caller closes
   * @throws StoreError `io` when the directory cannot be used
   */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    const { directory, access, coordination } = options;
    if (coordination) return new FileStore(await joinDirectory(directory, access), options);
    const store = new FileStore(await openDirectory(directory, access), options);
    try {
      await store.#uploads.recover();
      await store.#uploads.sweep();
      return store;
    } catch (error) {
      await store.close();
      throw asStoreError('Cannot use the data directory', error);
    }
  }

  get locks(): PathLocking {
    return this.coordination.locks;
  }

  async stat(path: RemotePath): Promise<Entry> {
    this.#requireOpen();
    requireInTree(path);
    return { path, ...(await this.#tree.look(path)) };
  }

  async *list(path: RemotePath, options: ListOptions): AsyncGenerator<Entry, void> {
    this.#requireOpen();
    requireInTree(path);
    const folder = await this.#tree.open(path);
    // Beside the branches lies what belongs to the server, its private key for one.
    const only = path === '' ? branches : undefined;
    const tools = { names: this.#tree.names, smallFiles: this.#smallFiles };
    yield* walk(listedFolder(folder, tools, only), path, options);
  }

  async open(path: RemotePath): Promise<StoredFileReader> {
    this.#requireOpen();
    requireInTree(path);
    if (path === '') throw new StoreError('not-found', 'The root is no file');
    const release = await this.#files.take();
    try {
      return await this.#tree.withFolderOf(path, (folder, name) => openFile(folder, name, release));
    } catch (error) {
      release();
      throw error;
    }
  }

  async createUpload(options: UploadOptions): Promise<Upload> {
    this.#requireOpen();
    return this.#newUploads.create(options);
  }

  async storeFiles(
    files: readonly NewFile[],
    options: StoreFilesOptions,
  ): Promise<PromiseSettledResult<StoredFile>[]> {
    this.#requireOpen();
    return this.#track(() => this.#smallUploads.store(files, options));
  }

  async readFiles(
    paths: readonly RemotePath[],
    limits: ReadFilesLimits,
  ): Promise<PromiseSettledResult<WholeFile>[]> {
    this.#requireOpen();
    return readFiles(this.#tree, this.#smallFiles, paths, limits);
  }

  async findUpload(key: UploadKey, options: FindUploadOptions): Promise<ResumePoint> {
    this.#requireOpen();
    const release = options.digest ? await this.#files.take() : undefined;
    return this.#track(() => this.#uploads.find(key, options)).finally(release);
  }

  async delete(path: RemotePath, { recursive, etag }: DeleteOptions): Promise<void> {
    requireChangeable(path);
    const grave = recursive ? join(this.#disk.trash, randomUUID()) : undefined;
    const { usage } = this.coordination;
    await this.#change([path], (since) =>
      this.#tree.withFolderOf(path, async (folder, name) => {
        await deletePlace({ folder, name, path }, { grave, etag }, { usage, since });
        this.coordination.room.removed(parentPath(path));
        if (recursive) this.coordination.room.forget(path);
        await this.#folders.makeDurable(folder);
      }),
    );
    if (grave !== undefined) await this.#track(() => emptyTrash(this.#disk, basename(grave)));
  }

  async rename(from: RemotePath, to: RemotePath, overwrite: OverwritePolicy): Promise<void> {
    this.#requireOpen();
    requireRenamable(from, to);
    const { usage, room } = this.coordination;
    const { type } = await this.#tree.look(from);
    await this.#change(type === 'file' ? [from, to] : [from, to, moves], (since) =>
      this.#tree.withFolderOf(from, async (folder, name) => {
        const target = await this.#folders.openTarget(parentPath(to), overwrite);
        try {
          const source = { folder, name, path: from };
          const place = { folder: target, name: baseName(to), path: to };
          const counting = { usage, since, type };
          const move = (): Promise<void> => movePlace(source, place, overwrite, counting);
          const isWithin = parentPath(from) === parentPath(to);
          await (isWithin ? move() : this.#folders.add(target, to, move));
          if (!isWithin) room.removed(parentPath(from));
          if (type === 'directory') room.forget(from);
          await this.#folders.makeDurable(target);
          if (!isWithin) await this.#folders.makeDurable(folder);
        } finally {
          target.close();
        }
      }),
    );
  }

  async setMode(path: RemotePath, mode: number): Promise<StoredFile> {
    requireChangeable(path);
    const release = await this.#files.take();
    return this.#change([path], () =>
      this.#tree.withFolderOf(path, (folder, name) =>
        changeMode(folder, name, mode, this.#isDurable),
      ),
    ).finally(release);
  }

  async makeDirectory(path: RemotePath): Promise<void> {
    if (path !== '' && !isBranch(path)) requireWritable(path);
    await this.#change([path], async () => {
      const folder = await this.#folders.make(path);
      folder.close();
    });
  }

  /**
   * Holds whoever uses the store to other limits from now on.
   *
   * @param limits - those that change; in a process that uses the directory together with others,
   *   the size of directories is not its business
   */
  changeLimits({ directorySize, openFiles }: Partial<StoreLimits>): void {
    if (openFiles !== undefined) this.#files.changeLimit(openFiles);
    if (directorySize !== undefined) this.#sizes.changeLimit(directorySize);
  }

  /**
   * Removes what is left of a process that used the directory together with this one. What it was
   * sent and can be resumed stays.
   *
   * @param pid - the process, which runs no more
   * @throws StoreError
   */
  async removeLeftovers(pid: number): Promise<void> {
    this.#requireOpen();
    try {
      await this.#track(() => FileUpload.removeAllOf(this.#disk.uploads, pid));
      await this.#track(() => emptyTrash(this.#disk));
    } catch (error) {
      throw asStoreError('Cannot remove what a process has left', error);
    }
  }

  async used(home: RemotePath): Promise<number> {
    this.#requireOpen();
    return this.coordination.usage.used(home);
  }

  async close(): Promise<void> {
    this.#closing.abort(new StoreError('io', 'The store was closed'));
    clearInterval(this.#sweeping);
    this.#files.close();
    await Promise.allSettled(this.#underWay);
    await this.#smallFiles.close();
    this.#tree.close();
  }

  #sweepNowAndThen(lifetime: number): NodeJS.Timeout {
    const interval = Math.max(lifetime / 10, shortestSweepInterval);
    return setInterval(
      () => {
        this.#track(() => this.#uploads.sweep()).catch(() => undefined);
        // Who began to may have failed, or died as one of several processes.
        this.#track(() => emptyTrash(this.#disk)).catch(() => undefined);
      },
      Math.min(interval, longestSweepInterval),
    ).unref();
  }

  /** Locks nothing but what is moved: who uploads and deletes must not wait for a count. */
  #countBytes(path: RemotePath): Promise<number> {
    const count = (): Promise<number> => bytesOfFolder(this.#tree.open(path), this.#closing.signal);
    return this.#track(() => this.coordination.locks.run([moves], count));
  }

  async #countEntries(path: string, atMost: number): Promise<number> {
    const folder = await unlessMissing(this.#tree.open(path as RemotePath));
    return folder ? countEntries(folder, atMost) : 0;
  }

  async #change<Result>(
    paths: readonly string[],
    work: (since: number) => Promise<Result>,
  ): Promise<Result> {
    this.#requireOpen();
    const { locks, usage } = this.coordination;
    try {
      return await this.#track(() => locks.run(paths, () => work(usage.clock)));
    } catch (error) {
      throw asStoreError('Cannot change the tree', error);
    }
  }

  async #track<Result>(work: () => Promise<Result>): Promise<Result> {
    const call = work();
    this.#underWay.add(call);
    try {
      return await call;
    } finally {
      this.#underWay.delete(call);
    }
  }

  #requireOpen(): void {
    this.#closing.signal.throwIfAborted();
  }
}
