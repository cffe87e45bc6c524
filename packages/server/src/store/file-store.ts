import { randomBytes } from 'node:crypto';
import { lstat, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { SmallFiles, SharedRuns, type FlushTurn } from '@e2eeftp/file-io';
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
import { openFile, openSmallFile } from './file-reader.js';
import { listedFolder } from './folder-listing.js';
import {
  deleteEntry,
  lookAt,
  makeFolderAt,
  placeFile,
  placeFolder,
  requireEtag,
  rethrowLinkError,
} from './folder-entries.js';
import { Folder, type FolderAccess } from './folder.js';
import { walk } from './listing.js';
import { SharedFolders } from './shared-folders.js';
import { StoreError } from './store-error.js';
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
import { smallUpload, SmallUpload, type WrittenFile } from './uploads/small-upload.js';
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
  /**
   * Set in a process that uses a directory together with others: what they have to agree upon. One
   * of them has opened the directory before, without this.
   */
  readonly coordination?: StoreCoordination | undefined;
  /** How folders are reached; by default by descriptors where the system has them. */
  readonly access?: FolderAccess | undefined;
}

/** Milliseconds in which another process has surely made a folder durable, or has died. */
const makingTime = 60_000;

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
 * above all. A file is replaced, never changed: who reads it goes on reading the old one.
 */
export class FileStore implements Store {
  readonly #disk: DiskLayout;
  readonly #flushTurn: FlushTurn | undefined;
  /** What all that use the directory have to agree upon. */
  readonly coordination: StoreCoordination;
  readonly #isShared: boolean;
  readonly #uploads: ResumableUploads;
  readonly #folders: SharedFolders;
  readonly #smallFiles = new SmallFiles();
  readonly #flushes = new SharedRuns();
  readonly #newFolders = new SharedRuns();
  readonly #sweeping: NodeJS.Timeout | undefined;
  /** Calls that {@link FileStore.close} waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** Folders that are being made. */
  readonly #making = new Set<Promise<unknown>>();
  #isClosed = false;

  private constructor(disk: DiskLayout, options: FileStoreOptions) {
    const { durability = 'full', uploadLifetime = defaultUploadLifetime, coordination } = options;
    this.#disk = disk;
    this.#folders = new SharedFolders(disk.root);
    this.#flushTurn = durability === 'full' ? { isTaken: false } : undefined;
    this.#isShared = coordination !== undefined;
    this.coordination = coordination ?? localCoordination();
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
    return this.#inFolderOf(
      path,
      async (folder, name) =>
        (await openSmallFile(folder, name, this.#smallFiles)) ?? openFile(folder, name),
    );
  }

  async createUpload(options: UploadOptions): Promise<Upload> {
    const { path, size = 0, resumable } = options;
    this.#requireOpen();
    requireWritable(path);
    if (!resumable && options.size !== undefined && size <= smallUpload) {
      return new SmallUpload({
        directory: this.#disk.uploads,
        smallFiles: this.#smallFiles,
        isDurable: this.#flushTurn !== undefined,
        place: (file, overwrite) =>
          this.#change([path], () => this.#placeSmall(path, file, overwrite)),
      });
    }
    await this.#requirePlace(path);
    await requireSpace(this.#disk, size - (resumable?.offset ?? 0));
    const home: UploadHome = {
      flushTurn: this.#flushTurn,
      place: (from, handle, overwrite) =>
        this.#change([path], () => this.#place(path, from, handle, overwrite)),
    };
    if (resumable) return this.#uploads.open(home, options, resumable);
    return FileUpload.create(home, this.#disk.uploads);
  }

  async findUpload(key: UploadKey, options: FindUploadOptions): Promise<ResumePoint> {
    this.#requireOpen();
    return this.#track(() => this.#uploads.find(key, options));
  }

  async delete(path: RemotePath, { recursive }: { readonly recursive: boolean }): Promise<void> {
    requireChangeable(path);
    const grave = recursive ? join(this.#disk.trash, randomBytes(16).toString('hex')) : undefined;
    await this.#change([path], () =>
      this.#inFolderOf(path, async (folder, name) => {
        await deleteEntry(folder.at(name), grave);
        await this.#makeDurable(folder);
      }),
    );
    if (grave !== undefined) await this.#track(() => emptyTrash(this.#disk, basename(grave)));
  }

  async rename(from: RemotePath, to: RemotePath, overwrite: OverwritePolicy): Promise<void> {
    requireRenamable(from, to);
    await this.#change([from, to], () =>
      this.#inFolderOf(from, async (source, name) => {
        const { type } = await lookAt(source.at(name));
        const target = await this.#openTarget(parentPath(to), overwrite);
        try {
          const place = type === 'file' ? placeFile : placeFolder;
          await place(source.at(name), target, baseName(to), overwrite);
          await this.#makeDurable(target);
          if (parentPath(from) !== parentPath(to)) await this.#makeDurable(source);
        } finally {
          target.close();
        }
      }),
    );
  }

  async makeDirectory(path: RemotePath): Promise<void> {
    if (path !== '' && !isBranch(path)) requireWritable(path);
    await this.#change([path], async () => {
      const folder = await this.#makeFolder(path);
      folder.close();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeping);
    await Promise.allSettled(this.#underWay);
    await this.#smallFiles.close();
  }

  #sweepNowAndThen(lifetime: number): NodeJS.Timeout {
    const interval = Math.max(lifetime / 10, shortestSweepInterval);
    return setInterval(
      () => {
        this.#track(() => this.#uploads.sweep()).catch(() => undefined);
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
        await this.#makeDurable(folder);
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
      if (facts.type === (place === path ? 'file' : 'directory')) return;
      throw new StoreError('conflict', `A ${facts.type} is in the way of the file`);
    }
  }

  async #place(
    path: RemotePath,
    from: string,
    handle: FileHandle,
    overwrite: OverwritePolicy,
  ): Promise<StoredFile> {
    const folder = await this.#openTarget(parentPath(path), overwrite);
    try {
      await placeFile(from, folder, baseName(path), overwrite);
      await this.#makeDurable(folder);
      return storedFile(await handle.stat({ bigint: true }));
    } finally {
      folder.close();
    }
  }

  async #placeSmall(
    path: RemotePath,
    file: WrittenFile,
    overwrite: OverwritePolicy,
  ): Promise<StoredFile> {
    const folder = await this.#openTarget(parentPath(path), overwrite);
    try {
      const to = folder.at(baseName(path));
      if (typeof overwrite !== 'string') await requireEtag(to, overwrite.etag);
      const { path: from, descriptor } = file;
      if (descriptor === undefined) throw new StoreError('io', 'The file was placed before');
      file.descriptor = undefined;
      const replaces = overwrite !== 'never';
      const placing = this.#smallFiles.place({ descriptor, from, to, replaces });
      const facts = await (replaces ? placing : placing.catch(rethrowLinkError));
      await folder.verify();
      if (this.#flushTurn) await this.#smallFiles.flushFolder(folder.base);
      return storedFile(facts);
    } finally {
      folder.close();
    }
  }

  /** The folder that something is to be put into; it is made, unless something must be there. */
  async #openTarget(path: RemotePath, overwrite: OverwritePolicy): Promise<Folder> {
    if (typeof overwrite === 'string') return this.#makeFolder(path);
    const folder = await unlessMissing(this.#openFolder(path));
    if (folder) return folder;
    throw new StoreError('conflict', 'The file that was to be replaced is gone');
  }

  async #makeFolder(path: RemotePath): Promise<Folder> {
    const folder = await unlessMissing(this.#openFolder(path));
    if (!folder) {
      // Of the first files for a new folder, one makes it and the others find it made.
      await this.#track(
        () => this.#newFolders.run(path, () => this.#makeFolders(path)),
        this.#making,
      );
      return this.#openFolder(path);
    }
    // It is there before it is durable, and then what is put into it would not be either.
    await Promise.allSettled(this.#making);
    if (this.#isShared && this.#flushTurn) await this.#makeFoldersAboveDurable(path);
    return folder;
  }

  /** Another process may be making one of them just now. */
  async #makeFoldersAboveDurable(path: RemotePath): Promise<void> {
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

  async #makeFolders(path: RemotePath): Promise<void> {
    let folder = await Folder.open(this.#disk.root, []);
    for (const name of componentsOf(path)) {
      try {
        if (await makeFolderAt(folder.at(name))) await this.#makeDurable(folder);
        const inner = await unlessMissing(folder.openFolder(name));
        if (!inner) throw new StoreError('conflict', 'Something else than a folder is in the way');
        folder.close();
        folder = inner;
      } catch (error) {
        folder.close();
        throw error;
      }
    }
    folder.close();
  }

  async #makeDurable(folder: Folder): Promise<void> {
    await folder.verify();
    if (this.#flushTurn) await this.#flushes.run(folder.path, () => folder.sync());
  }

  #openFolder(path: RemotePath): Promise<Folder> {
    return this.#folders.open(componentsOf(path));
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

  async #track<Result>(
    work: () => Promise<Result>,
    calls: Set<Promise<unknown>> = this.#underWay,
  ): Promise<Result> {
    const call = work();
    calls.add(call);
    try {
      return await call;
    } finally {
      calls.delete(call);
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new StoreError('io', 'The store was closed');
  }
}
