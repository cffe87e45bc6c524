import { createHash } from 'node:crypto';

import type { StoredFile } from '@e2eeftp/protocol';

import type { CommitOptions, Upload } from './store.js';
import { StoreError } from './store-error.js';

/** What an upload needs of its store. */
export interface MemoryUploadHome {
  /**
   * Accounts for bytes.
   *
   * @param bytes - how many more are held; negative when they are freed
   * @throws StoreError `no-space`
   */
  reserve(bytes: number): void;
  /**
   * Makes the file visible.
   *
   * @param parts - its bytes in pieces
   * @param size - how many they are
   * @param options - what to do about a file that is there already
   * @returns the file as stored
   */
  commit(parts: readonly Uint8Array[], size: number, options: CommitOptions): Promise<StoredFile>;
}

/** A file on its way into a store in memory. */
export class MemoryUpload implements Upload {
  readonly #home: MemoryUploadHome;
  #parts: Uint8Array[] = [];
  #size = 0;
  #hasEnded = false;

  /** @param home - what the upload needs of its store */
  constructor(home: MemoryUploadHome) {
    this.#home = home;
  }

  get size(): number {
    return this.#size;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      this.#requireOpen();
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      this.#home.reserve(bytes);
      for (const part of parts) this.#parts.push(part);
      this.#size += bytes;
      resolve();
    });
  }

  sha256(): Promise<Uint8Array> {
    const hash = createHash('sha256');
    for (const part of this.#parts) hash.update(part);
    return Promise.resolve(hash.digest());
  }

  async commit(options: CommitOptions): Promise<StoredFile> {
    this.#requireOpen();
    this.#hasEnded = true;
    try {
      return await this.#home.commit(this.#parts, this.#size, options);
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  discard(): Promise<void> {
    if (!this.#hasEnded) this.#free();
    this.#hasEnded = true;
    return Promise.resolve();
  }

  #free(): void {
    this.#home.reserve(-this.#size);
    this.#parts = [];
  }

  #requireOpen(): void {
    if (this.#hasEnded) throw new StoreError('io', 'The upload was committed or discarded before');
  }
}
