import { hash, randomUUID } from 'node:crypto';
import { close, fsync, futimes } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { SmallFiles } from '@e2eeftp/file-io';
import type { StoredFile } from '@e2eeftp/protocol';

import { uniqueMtime } from '../file-entry.js';
import { fileFlags, newFileFlags } from '../open-flags.js';
import type { CommitOptions, OverwritePolicy, Upload } from '../store.js';
import { StoreError } from '../store-error.js';
import { asStoreError } from '../system-errors.js';
import { ended } from './upload-errors.js';

/** Bytes up to which a file waits in memory until all of it has come. */
export const smallUpload = 64 * 1024;

/** A file that was written beside the tree, and is open. */
export interface WrittenFile {
  readonly path: string;
  /** Of the open file; nothing once somebody else closes it. */
  descriptor: number | undefined;
}

/** What a small upload needs of its store. */
export interface SmallUploadHome {
  /** Where files lie before they get their place. */
  readonly directory: string;
  /** Writes them. */
  readonly smallFiles: SmallFiles;
  /** Whether they have to be durable. */
  readonly isDurable: boolean;
  /**
   * Puts a written file into its place. Its descriptor is taken from it to be closed.
   *
   * @param file - the file
   * @param overwrite - what to do about a file that is there already
   * @returns the file as stored, once that is durable
   */
  place(file: WrittenFile, overwrite: OverwritePolicy): Promise<StoredFile>;
}

const flush = promisify(fsync);
const setTimes = promisify(futimes);
const closeDescriptor = promisify(close);

/** An upload that is small enough to be written at once, when all of it has come. */
export class SmallUpload implements Upload {
  readonly #home: SmallUploadHome;
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  #file: WrittenFile | undefined;
  #hasEnded = false;
  /** The last call that uses the file; it never fails. */
  #lastUse: Promise<unknown> = Promise.resolve();

  /** @param home - what the upload needs of its store */
  constructor(home: SmallUploadHome) {
    this.#home = home;
  }

  get size(): number {
    return this.#size;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#hasEnded) return Promise.reject(ended());
    this.#parts.push(...parts);
    for (const part of parts) this.#size += part.length;
    return Promise.resolve();
  }

  sha256(): Promise<Uint8Array> {
    return this.#use(async () => {
      const { path } = await this.#written(Date.now());
      const { bytes } = await this.#home.smallFiles.read(path, fileFlags, this.#size);
      if (bytes?.length !== this.#size)
        throw new StoreError('io', 'A file is not as it was written');
      return hash('sha256', bytes, 'buffer');
    });
  }

  commit(options: CommitOptions): Promise<StoredFile> {
    const committed = this.#use(() => this.#commit(options));
    void this.discard();
    return committed;
  }

  async discard(): Promise<void> {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#lastUse = this.#lastUse.then(() => this.#remove());
    }
    await this.#lastUse;
  }

  suspend(): Promise<void> {
    return this.discard();
  }

  async #commit({ overwrite, mtime = Date.now() }: CommitOptions): Promise<StoredFile> {
    const wasWritten = this.#file !== undefined;
    const file = await this.#written(mtime);
    const { descriptor } = file;
    if (descriptor === undefined) throw ended();
    if (wasWritten) {
      await setTimes(descriptor, Date.now() / 1000, uniqueMtime(mtime));
      if (this.#home.isDurable) await flush(descriptor);
    }
    const stored = await this.#home.place(file, overwrite);
    this.#file = undefined;
    return stored;
  }

  async #written(mtime: number): Promise<WrittenFile> {
    if (this.#file) return this.#file;
    const path = join(this.#home.directory, randomUUID());
    const descriptor = await this.#home.smallFiles.create({
      path,
      flags: newFileFlags,
      mode: 0o600,
      bytes: Buffer.concat(this.#parts),
      mtime: uniqueMtime(mtime),
      isDurable: this.#home.isDurable,
    });
    this.#file = { path, descriptor };
    return this.#file;
  }

  async #remove(): Promise<void> {
    if (!this.#file) return;
    const { path, descriptor } = this.#file;
    this.#file = undefined;
    if (descriptor !== undefined) await closeDescriptor(descriptor).catch(() => undefined);
    await unlink(path).catch(() => undefined);
  }

  async #use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#hasEnded) throw ended();
    const result = this.#lastUse.then(work);
    this.#lastUse = result.catch(() => undefined);
    try {
      return await result;
    } catch (error) {
      throw asStoreError('Cannot store an upload', error);
    }
  }
}
