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
import { listedFolder } from './folder-listing.js';
import { lookAt, makeFolderAt } from './folder-entries.js';
import type { FileStoreOptions } from './file-store-options.js';
import { Folder } from './folder.js';
import { walk } from './listing.js';
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
import { ResumableUploads } from './uploads/resumable-uploads.js';
import { writtenBytes } from './uploads/upload-files.js';
import type { UploadState } from './uploads/upload-journal.js';
import { deletePlace, movePlace, placeUpload } from './usage/counted-changes.js';
import { bytesOfFolder } from './usage/folder-bytes.js';
import { Reservation } from './usage/reservation.js';

/** Milliseconds in which another process has surely made a folder durable, or has died. */
const makingTime = 60_000;

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
 * above all. A file is replaced, never changed: who reads it goes on reading the old one.
 */
export class FileStore implements Store {
  readonly #disk: DiskLayout;
  readonly #flushTurn: FlushTurn | undefined;
  /** What all that use the directory have to agree upon. */
  readonly coordination: StoreCoordination;
  readonly #isShared: boolean;
  readonly #uploads: ResumableUploads;
  readonly #sweeping: NodeJS.Timeout | undefined;
  /** Calls that {@link FileStore.close} waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** Folders that are being made. */
  readonly #making = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  private constructor(disk: DiskLayout, options: FileStoreOptions) {
    const { durability = 'full', uploadLifetime = defaultUploadLifetime, coordination } = options;
    this.#disk = disk;
    this.#flushTurn = durability === 'full' ? { isTaken: false } : undefined;
    this.#isShared = coordination !== undefined;
    this.coordination =
      coordination ??
      localCoordination({
        folder: (path) => this.#countBytes(path),
        upload: async (upload) => (await writtenBytes(upload)) ?? 0,
      });
    this.#uploads = new ResumableUploads({
      directory: disk.resumable,
      lifetime: uploadLifetime,
      coordination: this.coordination,
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
    return this.#inFolderOf(path, openFile);
  }

  async createUpload(options: UploadOptions): Promise<Upload> {
    const { path, size = 0, resumable, quota } = options;
    this.#requireOpen();
    requireWritable(path);
    const replaced = await this.#requirePlace(path);
    await requireSpace(this.#disk, size - (resumable?.offset ?? 0));
    const file = join(this.#disk.uploads, randomBytes(16).toString('hex'));
    const upload = resumable ? this.#uploads.nameOf(resumable) : file;
    const { usage } = this.coordination;
    const reservation = new Reservation(usage, { upload, path, replaced, quota });
    const home: UploadHome = {
      flushTurn: this.#flushTurn,
      reservation: quota || resumable ? reservation : undefined,
      place: (from, handle, overwrite) =>
        this.#change([path], (since) =>
          this.#place(path, { path: from, handle }, overwrite, { reservation, since }),
        ),
    };
    if (resumable) return this.#uploads.open(home, options, resumable);
    return FileUpload.create(home, file, size);
  }

  async findUpload(key: UploadKey, options: FindUploadOptions): Promise<ResumePoint> {
    this.#requireOpen();
    return this.#track(() => this.#uploads.find(key, options));
  }

  async delete(path: RemotePath, { recursive }: { readonly recursive: boolean }): Promise<void> {
    requireChangeable(path);
    const grave = recursive ? join(this.#disk.trash, randomBytes(16).toString('hex')) : undefined;
    const { usage } = this.coordination;
    await this.#change([path], (since) =>
      this.#inFolderOf(path, async (folder, name) => {
        await deletePlace({ folder, name, path }, grave, { usage, since });
        await this.#makeDurable(folder);
      }),
    );
    if (grave !== undefined) await this.#track(() => emptyTrash(this.#disk, basename(grave)));
  }

  async rename(from: RemotePath, to: RemotePath, overwrite: OverwritePolicy): Promise<void> {
    this.#requireOpen();
    requireRenamable(from, to);
    const { usage } = this.coordination;
    const { type } = await this.#look(from);
    await this.#change(type === 'file' ? [from, to] : [from, to, moves], (since) =>
      this.#inFolderOf(from, async (folder, name) => {
        const target = await this.#openTarget(parentPath(to), overwrite);
        try {
          const place = { folder: target, name: baseName(to), path: to };
          await movePlace({ folder, name, path: from }, place, overwrite, { usage, since, type });
          await this.#makeDurable(target);
          if (parentPath(from) !== parentPath(to)) await this.#makeDurable(folder);
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

  async used(home: RemotePath): Promise<number> {
    this.#requireOpen();
    return this.coordination.usage.used(home);
  }

  async close(): Promise<void> {
    this.#closing.abort(new StoreError('io', 'The store was closed'));
    clearInterval(this.#sweeping);
    await Promise.allSettled(this.#underWay);
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

  /** Locks nothing but what is moved: who uploads and deletes must not wait for a count. */
  #countBytes(path: RemotePath): Promise<number> {
    const count = (): Promise<number> =>
      bytesOfFolder(this.#openFolder(path), this.#closing.signal);
    return this.#track(() => this.coordination.locks.run([moves], count));
  }

  /**
   * Refuses an upload before its bytes come, where it is clear that they cannot be kept. Returns
   * the bytes of the file that it will replace.
   */
  async #requirePlace(path: RemotePath): Promise<number> {
    for (let place = path; place !== ''; place = parentPath(place)) {
      const facts = await unlessMissing(this.#look(place));
      if (!facts) continue;
      // A folder's size is 0.
      if (facts.type === (place === path ? 'file' : 'directory')) return facts.size;
      throw new StoreError('conflict', `A ${facts.type} is in the way of the file`);
    }
    return 0;
  }

  async #place(
    path: RemotePath,
    from: { readonly path: string; readonly handle: FileHandle },
    overwrite: OverwritePolicy,
    counting: { readonly reservation: Reservation; readonly since: number },
  ): Promise<StoredFile> {
    const folder = await this.#openTarget(parentPath(path), overwrite);
    try {
      const place = { folder, name: baseName(path), path };
      const file = await placeUpload(from, place, overwrite, counting);
      await this.#makeDurable(folder);
      return file;
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
    if (!folder) return this.#track(() => this.#makeFolders(componentsOf(path)), this.#making);
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

  async #makeFolders(components: readonly string[]): Promise<Folder> {
    let folder = await Folder.open(this.#disk.root, []);
    for (const name of components) {
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
    return folder;
  }

  async #makeDurable(folder: Folder): Promise<void> {
    await folder.verify();
    if (this.#flushTurn) await folder.sync();
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
    this.#closing.signal.throwIfAborted();
  }
}
