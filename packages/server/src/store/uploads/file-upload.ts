import { randomUUID } from 'node:crypto';
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { FileWriter, type FlushTurn } from '@e2eeftp/file-io';
import type { StoredFile } from '@e2eeftp/protocol';

import { storedFile, uniqueMtime } from '../file-entry.js';
import { sha256Of } from '../file-reader.js';
import { placeFile } from '../folder-entries.js';
import type { Folder } from '../folder.js';
import { newFileFlags } from '../open-flags.js';
import { ownerMode, type CommitOptions, type OverwritePolicy, type Upload } from '../store.js';
import type { StoreError } from '../store-error.js';
import { asStoreError } from '../system-errors.js';
import type { WrittenFile } from '../usage/counted-changes.js';
import type { Reservation } from '../usage/reservation.js';
import { ended, requireWanted, takenOver } from './upload-errors.js';
import type { UploadJournal } from './upload-journal.js';

/** What an upload needs of its store. */
export interface UploadHome {
  /** Shared by the uploads of a store; nothing when they need not be durable. */
  readonly flushTurn: FlushTurn | undefined;
  /** The room that the upload takes, where that is counted. */
  readonly reservation?: Reservation | undefined;
  /**
   * Puts a written file into its place.
   *
   * @param written - the file
   * @param overwrite - what to do about a file that is there already
   * @returns the file as stored, once that is durable
   */
  place(written: WrittenFile, overwrite: OverwritePolicy): Promise<StoredFile>;
  /** Hears that the upload's file is closed. */
  readonly onClosed?: (() => void) | undefined;
}

/** An upload's file. */
export interface UploadFile {
  /** Where it lies until it is committed. */
  readonly path: string;
  /** The same, open; the upload closes it. */
  readonly handle: FileHandle;
  /** For an upload that can be resumed: remembers how far it is. */
  readonly journal?: UploadJournal | undefined;
  /** Hears that nothing of the upload is in use any more. */
  readonly onEnd?: (() => void) | undefined;
}

/** A file that is being written beside the tree. */
export class FileUpload implements Upload {
  readonly #home: UploadHome;
  readonly #file: UploadFile;
  readonly #writer: FileWriter;
  /** What a call that comes too late fails with. */
  #ending: StoreError | undefined;
  /** Bytes that are left when it has ended. */
  #kept = 0;
  /** The last call that uses the file; it never fails. */
  #lastUse: Promise<unknown> = Promise.resolve();

  /**
   * @param home - what the upload needs of its store
   * @param file - where the bytes go; owned by the upload from now on
   */
  constructor(home: UploadHome, file: UploadFile) {
    const { handle, journal } = file;
    this.#home = home;
    this.#file = file;
    this.#writer = new FileWriter(handle, {
      flushTurn: home.flushTurn,
      start: journal?.state.offset,
      onFlushed: (offset) => {
        // A journal that cannot be written says less than it could, which harms nobody.
        journal?.update({ offset }).catch(() => undefined);
      },
    });
  }

  /**
   * @param directory - where the files of such uploads lie
   * @returns where one more can lie; its name says which process writes it
   */
  static newPath(directory: string): string {
    return join(directory, `${process.pid}-${randomUUID()}`);
  }

  /**
   * Begins an upload of which nothing is kept when it is not committed.
   *
   * @param home - what it needs of its store
   * @param path - where its file is to lie
   * @param size - bytes that it will have, as far as that is known
   * @returns the upload
   * @throws StoreError
   */
  static async create(home: UploadHome, path: string, size: number): Promise<FileUpload> {
    try {
      await home.reservation?.take(size);
      return new FileUpload(home, { path, handle: await open(path, newFileFlags, 0o600) });
    } catch (error) {
      home.reservation?.end(0);
      throw asStoreError('Cannot begin an upload', error);
    }
  }

  /**
   * Removes what a process has left of such uploads.
   *
   * @param directory - where their files lie
   * @param pid - the process, which runs no more
   * @throws the system's error
   */
  static async removeAllOf(directory: string, pid: number): Promise<void> {
    for (const name of await readdir(directory)) {
      if (name.startsWith(`${pid}-`)) await unlink(join(directory, name));
    }
  }

  get size(): number {
    return this.#writer.size;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    this.#requireOpen();
    const { reservation } = this.#home;
    const size = parts.reduce((sum, part) => sum + part.length, this.size);
    if (reservation?.isShort(size)) {
      await reservation.take(size);
      this.#requireOpen();
    }
    try {
      await this.#writer.write(parts);
    } catch (error) {
      throw asStoreError('Cannot write an upload', error);
    }
  }

  sha256(): Promise<Uint8Array> {
    return this.#use(async () => {
      await this.#finishWriting();
      return sha256Of(this.#file.handle, this.size, () => {
        this.#requireOpen();
      });
    });
  }

  commit(options: CommitOptions): Promise<StoredFile> {
    const committed = this.#use(() => this.#commit(options));
    void this.#end(ended(), () => Promise.resolve());
    return committed;
  }

  discard(): Promise<void> {
    return this.#end(ended(), () => this.#remove());
  }

  suspend(): Promise<void> {
    return this.#end(ended(), () => (this.#file.journal ? this.#keep() : this.#remove()));
  }

  /**
   * Takes the upload away from whoever writes it: nothing more is appended, and what has come is
   * kept. A commit that has begun is carried out.
   */
  fence(): Promise<void> {
    return this.#end(takenOver(), () => this.#keep());
  }

  async #commit({
    overwrite,
    mtime = Date.now(),
    mode = 0,
    signal,
  }: CommitOptions): Promise<StoredFile> {
    const { path, handle, journal } = this.#file;
    try {
      await this.#finishWriting();
      // An earlier attempt to complete a resumed upload may have set others.
      if (mode > 0 || journal) await handle.chmod(mode | ownerMode);
      await handle.utimes(Date.now() / 1000, uniqueMtime(mtime));
      if (this.#home.flushTurn) await this.#writer.flush();
      // From here on, whoever comes later waits for this one.
      requireWanted(signal);
      const moveTo = async (folder: Folder, name: string): Promise<StoredFile> => {
        await placeFile(path, folder, name, overwrite);
        return storedFile(await handle.stat({ bigint: true }));
      };
      const file = await this.#home.place({ moveTo }, overwrite);
      // The file is stored, whatever becomes of the journal: who reads that later finds it out.
      await journal?.update({ offset: file.size, done: file }).catch(() => undefined);
      return file;
    } catch (error) {
      await (journal ? this.#keep() : this.#remove());
      throw asStoreError('Cannot store an upload', error);
    }
  }

  async #keep(): Promise<void> {
    try {
      await this.#writer.flush();
      await this.#file.journal?.update({ offset: this.#writer.written });
    } catch {
      // The journal says what was durable before.
    }
    this.#kept = this.#writer.written;
  }

  async #remove(): Promise<void> {
    // A flush in passing would write the journal again.
    await this.#writer.abandon();
    // In this order: bytes without a journal are removed when the store is next opened.
    await this.#file.journal?.remove().catch(() => undefined);
    await unlink(this.#file.path).catch(() => undefined);
  }

  async #finishWriting(): Promise<void> {
    try {
      await this.#writer.finish();
    } catch (error) {
      throw asStoreError('Cannot write an upload', error);
    }
  }

  /** The file stays open while it is in use. */
  #use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#ending) return Promise.reject(this.#ending);
    const result = this.#lastUse.then(work);
    this.#lastUse = result.catch(() => undefined);
    return result;
  }

  /** Does the last thing that is done with the file, unless something else was the last. */
  async #end(ending: StoreError, work: () => Promise<void>): Promise<void> {
    if (!this.#ending) {
      this.#ending = ending;
      this.#lastUse = this.#lastUse.then(work).finally(() => this.#close());
    }
    await this.#lastUse;
  }

  async #close(): Promise<void> {
    await this.#writer.abandon();
    await this.#file.handle.close().catch(() => undefined);
    this.#home.onClosed?.();
    this.#home.reservation?.end(this.#kept);
    this.#file.onEnd?.();
  }

  #requireOpen(): void {
    if (this.#ending) throw this.#ending;
  }
}
