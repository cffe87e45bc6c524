import { createHash, randomBytes } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { FileWriter, type FlushTurn } from '@e2eeftp/file-io';
import type { StoredFile } from '@e2eeftp/protocol';

import { uniqueMtime } from './file-entry.js';
import { readRange } from './file-reader.js';
import { newFileFlags } from './open-flags.js';
import type { CommitOptions, OverwritePolicy, Upload } from './store.js';
import { StoreError } from './store-error.js';
import { asStoreError } from './system-errors.js';

/** What an upload needs of its store. */
export interface UploadHome {
  /** Where uploads lie until they are committed. */
  readonly directory: string;
  /** Shared by the uploads of a store; nothing when they need not be durable. */
  readonly flushTurn: FlushTurn | undefined;
  /**
   * Puts a written file into its place.
   *
   * @param from - where it lies
   * @param handle - the same, open
   * @param overwrite - what to do about a file that is there already
   * @returns the file as stored, once that is durable
   */
  place(from: string, handle: FileHandle, overwrite: OverwritePolicy): Promise<StoredFile>;
}

/** A file that is being written beside the tree. */
export class FileUpload implements Upload {
  readonly #home: UploadHome;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #writer: FileWriter;
  #hasEnded = false;

  private constructor(home: UploadHome, path: string, handle: FileHandle) {
    this.#home = home;
    this.#path = path;
    this.#handle = handle;
    this.#writer = new FileWriter(handle, home.flushTurn);
  }

  /**
   * @param home - what the upload needs of its store
   * @returns an empty upload
   * @throws StoreError
   */
  static async create(home: UploadHome): Promise<FileUpload> {
    const path = join(home.directory, randomBytes(16).toString('hex'));
    try {
      return new FileUpload(home, path, await open(path, newFileFlags, 0o600));
    } catch (error) {
      throw asStoreError('Cannot begin an upload', error);
    }
  }

  get size(): number {
    return this.#writer.size;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#hasEnded) throw ended();
    try {
      await this.#writer.write(parts);
    } catch (error) {
      throw asStoreError('Cannot write an upload', error);
    }
  }

  async sha256(): Promise<Uint8Array> {
    await this.#finishWriting();
    const hash = createHash('sha256');
    for await (const chunk of readRange(this.#handle, 0, this.size)) hash.update(chunk);
    return hash.digest();
  }

  async commit({ overwrite, mtime = Date.now() }: CommitOptions): Promise<StoredFile> {
    if (this.#hasEnded) throw ended();
    this.#hasEnded = true;
    try {
      await this.#finishWriting();
      await this.#handle.utimes(Date.now() / 1000, uniqueMtime(mtime));
      if (this.#home.flushTurn) await this.#handle.sync();
      return await this.#home.place(this.#path, this.#handle, overwrite);
    } catch (error) {
      await unlink(this.#path).catch(() => undefined);
      throw asStoreError('Cannot store an upload', error);
    } finally {
      await this.#close();
    }
  }

  async discard(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // What cannot be removed now is removed when the store is next opened.
    await unlink(this.#path).catch(() => undefined);
    await this.#close();
  }

  async #finishWriting(): Promise<void> {
    try {
      await this.#writer.finish();
    } catch (error) {
      throw asStoreError('Cannot write an upload', error);
    }
  }

  async #close(): Promise<void> {
    await this.#writer.abandon();
    await this.#handle.close().catch(() => undefined);
  }
}

function ended(): StoreError {
  return new StoreError('io', 'The upload was committed or discarded before');
}
