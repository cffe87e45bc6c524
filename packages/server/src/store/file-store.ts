import { randomBytes } from 'node:crypto';
import { lstat, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { FlushTurn } from '@e2eeftp/file-io';
import {
  baseName,
  parentPath,
  type Entry,
  type RemotePath,
  type StoredFile,
} from '@e2eeftp/protocol';

import { localCoordination, type StoreCoordination } from './coordination.js';
import {
  emptyTrash,
  joinDirectory,
  openDirectory,
  requireSpace,
  type DiskLayout,
} from './disk-layout.js';
import { inodeOf, storedFile, type EntryFacts } from './file-entry.js';
import { openFile } from './file-reader.js';
import { countEntries, listedFolder } from './folder-listing.js';
import { deleteEntry, lookAt, placeFile, placeFolder, reserveRoom } from './folder-entries.js';
import { FolderMaker } from './folder-maker.js';
import { FolderSizes } from './folder-sizes.js';
import { Folder, type FolderAccess } from './folder.js';
import { walk } from './listing.js';
import { OpenFiles } from './open-files.js';
import { StoreError } from './store-error.js';
import { defaultStoreLimits, type StoreLimits } from './store-limits.js';
import type {
  FindUploadOptions,
  ListOptions,
  OverwritePolicy,
  ResumePoint,
  Store,
  StoredFileReader,
  Upload,
  UploadKey,
  UploadOptions,
} from './store.js';
import { asStoreError, unlessMissing } from './system-errors.js';
import {
  branches,
  componentsOf,
  isBranch,
  requireChangeable,
  requireInTree,
  requireRenamable,
  requireWritable,
} from './tree.js';
import { FileUpload, type UploadHome } from './uploads/file-upload.js';
import { ResumableUploads } from './uploads/resumable-uploads.js';
import type { UploadState } from './uploads/upload-journal.js';

/** Where and how a {@link FileStore} keeps its files. */
export interface FileStoreOptions {
  /**
   * The data directory; it is made when it is missing. One process uses it at a time, which its
   * owner sees to.
   */
  readonly directory: string;
  /**
   * Whether an acknowledged change survives a loss of power (`full`, the default), or only the end
   * of the process (`relaxed`), which is faster.
   */
  readonly durability?: 'full' | 'relaxed' | undefined;
  /** Milliseconds after its last byte that an unfinished upload is kept; by default a day. */
  readonly uploadLifetime?: number | undefined;
  /** What the store holds its users to, where it differs from the default. */
  readonly limits?: Partial<StoreLimits> | undefined;
  /**
   * Set in a process that uses a directory together with others: what they have to agree upon. One
   * of them has opened the directory before, without this.
   */
  readonly coordination?: StoreCoordination | undefined;
  /** How folders are reached; by default by descriptors where the system has them. */
  readonly access?: FolderAccess | undefined;
}

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
  readonly #flushTurn: FlushTurn | undefined;
  /** What all that use the directory have to agree upon. */
  readonly coordination: StoreCoordination;
  readonly #folders: FolderMaker;
  readonly #files: OpenFiles;
  /** Not in use where others decide. */
  readonly #sizes: FolderSizes;
  readonly #uploads: ResumableUploads;
  readonly #sweeping: NodeJS.Timeout | undefined;
  /** Calls that {@link FileStore.close} waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosed = false;

  private constructor(disk: DiskLayout, options: FileStoreOptions) {
    const { durability = 'full', uploadLifetime = defaultUploadLifetime } = options;
    const { coordination, limits } = options;
    this.#disk = disk;
    this.#flushTurn = durability === 'full' ? { isTaken: false } : undefined;
    const { directorySize, openFiles } = { ...defaultStoreLimits, ...limits };
    this.#files = new OpenFiles(openFiles);
    this.#sizes = new FolderSizes({
      count: (folder, atMost) => this.#countEntries(folder, atMost),
      limit: directorySize,
    });
    this.coordination = coordination ?? localCoordination(this.#sizes);
    this.#folders = new FolderMaker({
      root: disk.root,
      room: this.coordination.room,
      isDurable: durability === 'full',
      isShared: coordination !== undefined,
    });
    this.#uploads = new ResumableUploads({
      directory: disk.resumable,
      lifetime: uploadLifetime,
      leases: this.coordination.leases,
      findPlaced: (state) => unlessMissing(this.#findPlaced(state)),
    });
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

  async stat(path: RemotePath): Promise<Entry> {
    this.#requireOpen();
    requireInTree(path);
    return { path, ...(await this.#look(path)) };
  }

  async *list(path: RemotePath, options: ListOptions): AsyncGenerator<Entry, void> {
    this.#requireOpen();
    requireInTree(path);
    const folder = await this.#openFolder(path);
    // Beside the branches lies what belongs to the server, its private key for one.
    yield* walk(listedFolder(folder, path === '' ? branches : undefined), path, options);
  }

  async open(path: RemotePath): Promise<StoredFileReader> {
    this.#requireOpen();
    requireInTree(path);
    if (path === '') throw new StoreError('not-found', 'The root is no file');
    const release = await this.#files.take();
    try {
      return await this.#inFolderOf(path, (folder, name) => openFile(folder, name, release));
    } catch (error) {
      release();
      throw error;
    }
  }

  async createUpload(options: UploadOptions): Promise<Upload> {
    const { path, size = 0, resumable } = options;
    this.#requireOpen();
    requireWritable(path);
    await this.#requirePlace(path);
    await requireSpace(this.#disk, size - (resumable?.offset ?? 0));
    const release = await this.#files.take();
    const home: UploadHome = {
      flushTurn: this.#flushTurn,
      place: (from, handle, overwrite) =>
        this.#change([path], () => this.#place(path, from, handle, overwrite)),
      onClosed: release,
    };
    try {
      if (resumable) return await this.#uploads.open(home, options, resumable);
      return await FileUpload.create(home, this.#disk.uploads);
    } catch (error) {
      release();
      throw error;
    }
  }

  async findUpload(key: UploadKey, options: FindUploadOptions): Promise<ResumePoint> {
    this.#requireOpen();
    const release = options.digest ? await this.#files.take() : undefined;
    return this.#track(() => this.#uploads.find(key, options)).finally(release);
  }

  async delete(path: RemotePath, { recursive }: { readonly recursive: boolean }): Promise<void> {
    requireChangeable(path);
    const grave = recursive ? join(this.#disk.trash, randomBytes(16).toString('hex')) : undefined;
    await this.#change([path], () =>
      this.#inFolderOf(path, async (folder, name) => {
        await deleteEntry(folder.at(name), grave);
        this.coordination.room.removed(parentPath(path));
        if (recursive) this.coordination.room.forget(path);
        await this.#folders.makeDurable(folder);
      }),
    );
    if (grave !== undefined) await this.#track(() => emptyTrash(this.#disk, basename(grave)));
  }

  async rename(from: RemotePath, to: RemotePath, overwrite: OverwritePolicy): Promise<void> {
    requireRenamable(from, to);
    await this.#change([from, to], () =>
      this.#inFolderOf(from, async (source, name) => {
        const { type } = await lookAt(source.at(name));
        const target = await this.#folders.openTarget(parentPath(to), overwrite);
        try {
          const place = type === 'file' ? placeFile : placeFolder;
          const move = (): Promise<void> => place(source.at(name), target, baseName(to), overwrite);
          const isWithin = parentPath(from) === parentPath(to);
          await (isWithin ? move() : this.#folders.add(target, to, move));
          if (!isWithin) this.coordination.room.removed(parentPath(from));
          if (type === 'directory') this.coordination.room.forget(from);
          await this.#folders.makeDurable(target);
          if (!isWithin) await this.#folders.makeDurable(source);
        } finally {
          target.close();
        }
      }),
    );
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

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeping);
    this.#files.close();
    await Promise.allSettled(this.#underWay);
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

  async #look(path: RemotePath): Promise<EntryFacts> {
    if (path === '') return lookAt(this.#disk.root.path);
    return this.#inFolderOf(path, (folder, name) => lookAt(folder.at(name)));
  }

  #findPlaced({ path, inode }: UploadState): Promise<StoredFile | undefined> {
    return this.#inFolderOf(path, async (folder, name) => {
      try {
        const stats = await lstat(folder.at(name), { bigint: true });
        if (inodeOf(stats) !== inode) return undefined;
        // Who put it there may have died before that was durable.
        await this.#folders.makeDurable(folder);
        return storedFile(stats);
      } catch (error) {
        throw asStoreError('Cannot look at a file', error);
      }
    });
  }

  /** Refuses an upload before its bytes come, where it is clear that they cannot be kept. */
  async #requirePlace(path: RemotePath): Promise<void> {
    for (let place = path; place !== ''; place = parentPath(place)) {
      const facts = await unlessMissing(this.#look(place));
      if (!facts) continue;
      if (facts.type === 'file' && place === path) return;
      if (facts.type === 'directory' && place !== path) return this.#requireRoom(place);
      throw new StoreError('conflict', `A ${facts.type} is in the way of the file`);
    }
  }

  async #place(
    path: RemotePath,
    from: string,
    handle: FileHandle,
    overwrite: OverwritePolicy,
  ): Promise<StoredFile> {
    const folder = await this.#folders.openTarget(parentPath(path), overwrite);
    try {
      await this.#folders.add(folder, path, () =>
        placeFile(from, folder, baseName(path), overwrite),
      );
      await this.#folders.makeDurable(folder);
      return storedFile(await handle.stat({ bigint: true }));
    } finally {
      folder.close();
    }
  }

  /** There may be less by the time when the file is placed, which looks again. */
  async #requireRoom(path: RemotePath): Promise<void> {
    await reserveRoom(this.coordination.room, path);
    this.coordination.room.settle(path, false);
  }

  async #countEntries(path: string, atMost: number): Promise<number> {
    const folder = await unlessMissing(this.#openFolder(path as RemotePath));
    return folder ? countEntries(folder, atMost) : 0;
  }

  #openFolder(path: RemotePath): Promise<Folder> {
    return Folder.open(this.#disk.root, componentsOf(path));
  }

  async #inFolderOf<Result>(
    path: RemotePath,
    work: (folder: Folder, name: string) => Promise<Result>,
  ): Promise<Result> {
    const folder = await this.#openFolder(parentPath(path));
    try {
      return await work(folder, baseName(path));
    } finally {
      folder.close();
    }
  }

  async #change<Result>(
    paths: readonly RemotePath[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    this.#requireOpen();
    try {
      return await this.#track(() => this.coordination.locks.run(paths, work));
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
    if (this.#isClosed) throw new StoreError('io', 'The store was closed');
  }
}
