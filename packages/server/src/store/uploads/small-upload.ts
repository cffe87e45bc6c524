import { hash } from 'node:crypto';
import { close, fchmod, fsync, futimes } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { SmallFiles } from '@e2eeftp/file-io';
import type { StoredFile } from '@e2eeftp/protocol';

import { storedFile, uniqueMtime } from '../file-entry.js';
import { requireEtag, rethrowLinkError } from '../folder-entries.js';
import type { Folder } from '../folder.js';
import { fileFlags, newFileFlags } from '../open-flags.js';
import { StoreError } from '../store-error.js';
import { ownerMode, type CommitOptions, type OverwritePolicy, type Upload } from '../store.js';
import { asStoreError } from '../system-errors.js';
import type { UploadHome } from './file-upload.js';
import { ended, requireWanted } from './upload-errors.js';

/** Bytes up to which a file waits in memory until all of it has come. */
export const smallUpload = 64 * 1024;

const flush = promisify(fsync);
const setMode = promisify(fchmod);
const setTimes = promisify(futimes);
const closeDescriptor = promisify(close);

/** An upload that is small enough to be written at once, when all of it has come. */
export class SmallUpload implements Upload {
  readonly #home: UploadHome;
  readonly #path: string;
  readonly #smallFiles: SmallFiles;
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  /** Of the file, from when it is written until it is in its place. */
  #descriptor: number | undefined;
  #isWritten = false;
  #hasEnded = false;
  /** The last call that uses the file; it never fails. */
  #lastUse: Promise<unknown> = Promise.resolve();

  private constructor(home: UploadHome, path: string, smallFiles: SmallFiles) {
    this.#home = home;
    this.#path = path;
    this.#smallFiles = smallFiles;
  }

  /**
   * @param home - what the upload needs of its store
   * @param path - where its file is to lie before it gets its place
   * @param size - bytes that it will have, at most {@link smallUpload}
   * @param smallFiles - writes it
   * @returns the upload
   * @throws StoreError `no-space` when the quota is used up
   */
  static async create(
    home: UploadHome,
    path: string,
    size: number,
    smallFiles: SmallFiles,
  ): Promise<SmallUpload> {
    try {
      await home.reservation?.take(size);
    } catch (error) {
      home.reservation?.end(0);
      throw error;
    }
    return new SmallUpload(home, path, smallFiles);
  }

  get size(): number {
    return this.#size;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#hasEnded) throw ended();
    for (const part of parts) this.#size += part.length;
    // The caller refuses it soon; until then it is not to grow.
    if (this.#size <= smallUpload) this.#parts.push(...parts);
    else this.#parts.length = 0;
    if (this.#home.reservation?.isShort(this.#size) === true) {
      await this.#home.reservation.take(this.#size);
    }
  }

  sha256(): Promise<Uint8Array> {
    return this.#use(async () => {
      await this.#write(Date.now());
      const { bytes } = await this.#smallFiles.read(this.#path, fileFlags, this.#size);
      if (bytes?.length !== this.#size) {
        throw new StoreError('io', 'A file is not as it was written');
      }
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
      this.#lastUse = this.#lastUse.then(() => this.#end());
    }
    await this.#lastUse;
  }

  suspend(): Promise<void> {
    return this.discard();
  }

  async #commit({
    overwrite,
    mtime = Date.now(),
    mode = 0,
    signal,
  }: CommitOptions): Promise<StoredFile> {
    if (this.#size > smallUpload) throw new StoreError('io', 'More came than was announced');
    const { flushTurn } = this.#home;
    const descriptor = this.#descriptor;
    if (descriptor === undefined) {
      await this.#write(mtime, mode);
    } else {
      if (mode > 0) await setMode(descriptor, mode | ownerMode);
      await setTimes(descriptor, Date.now() / 1000, uniqueMtime(mtime));
      if (flushTurn) await flush(descriptor);
    }
    // From here on, whoever comes later waits for this one.
    requireWanted(signal);
    const moveTo = (folder: Folder, name: string): Promise<StoredFile> =>
      this.#moveTo(folder, name, overwrite);
    const file = await this.#home.place({ moveTo }, overwrite);
    this.#isWritten = false;
    return file;
  }

  async #moveTo(folder: Folder, name: string, overwrite: OverwritePolicy): Promise<StoredFile> {
    const to = folder.at(name);
    if (typeof overwrite !== 'string') await requireEtag(to, overwrite.etag);
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw ended();
    // From here on the thread closes it, whatever happens.
    this.#descriptor = undefined;
    const replaces = overwrite !== 'never';
    const placing = this.#smallFiles.place({ descriptor, from: this.#path, to, replaces });
    return storedFile(await (replaces ? placing : placing.catch(rethrowLinkError)));
  }

  async #write(mtime: number, mode = 0): Promise<void> {
    this.#isWritten = true;
    this.#descriptor = await this.#smallFiles.create({
      path: this.#path,
      flags: newFileFlags,
      mode: ownerMode,
      permissions: mode > 0 ? mode | ownerMode : undefined,
      bytes: Buffer.concat(this.#parts),
      mtime: uniqueMtime(mtime),
      isDurable: this.#home.flushTurn !== undefined,
    });
  }

  async #end(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await closeDescriptor(descriptor).catch(() => undefined);
    if (this.#isWritten) await unlink(this.#path).catch(() => undefined);
    this.#home.onClosed?.();
    this.#home.reservation?.end(0);
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
