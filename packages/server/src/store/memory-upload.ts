import { createHash } from 'node:crypto';

import type { StoredFile } from '@e2eeftp/protocol';

import type { CommitOptions, Upload } from './store.js';
import type { StoreError } from './store-error.js';
import { ended, requireWanted, takenOver } from './uploads/upload-errors.js';
import type { Reservation } from './usage/reservation.js';

/** What an upload needs of its store. */
export interface MemoryUploadHome {
  /** The room that the upload takes of a quota. */
  readonly reservation?: Reservation | undefined;
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
  /** For uploads that can be resumed: takes what has come, which stays accounted for. */
  readonly keep?: ((parts: readonly Uint8Array[]) => void) | undefined;
  /** For uploads that can be resumed: hears that nothing of it is kept. */
  readonly forget?: (() => void) | undefined;
  /** Hears that the upload has ended. */
  readonly onEnd?: (() => void) | undefined;
}

/** A file on its way into a store in memory. */
export class MemoryUpload implements Upload {
  readonly #home: MemoryUploadHome;
  #parts: Uint8Array[];
  #size: number;
  /** What a call that comes too late fails with. */
  #ending: StoreError | undefined;

  /**
   * @param home - what the upload needs of its store
   * @param parts - what it has already, accounted for
   */
  constructor(home: MemoryUploadHome, parts: readonly Uint8Array[] = []) {
    this.#home = home;
    this.#parts = [...parts];
    this.#size = lengthOf(parts);
  }

  get size(): number {
    return this.#size;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    this.#requireOpen();
    const bytes = lengthOf(parts);
    const { reservation } = this.#home;
    if (reservation?.isShort(this.#size + bytes)) {
      await reservation.take(this.#size + bytes);
      this.#requireOpen();
    }
    this.#home.reserve(bytes);
    for (const part of parts) this.#parts.push(part);
    this.#size += bytes;
  }

  sha256(): Promise<Uint8Array> {
    if (this.#ending) return Promise.reject(this.#ending);
    const hash = createHash('sha256');
    for (const part of this.#parts) hash.update(part);
    return Promise.resolve(hash.digest());
  }

  async commit(options: CommitOptions): Promise<StoredFile> {
    this.#requireOpen();
    try {
      requireWanted(options.signal);
      this.#ending = ended();
      const file = await this.#home.commit(this.#parts, this.#size, options);
      this.#home.onEnd?.();
      return file;
    } catch (error) {
      this.#ending = undefined;
      await this.suspend();
      throw error;
    }
  }

  discard(): Promise<void> {
    this.#end(ended(), undefined);
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    this.#end(ended(), this.#home.keep);
    return Promise.resolve();
  }

  /** Takes the upload away from whoever writes it, and keeps what has come. */
  fence(): void {
    this.#end(takenOver(), this.#home.keep);
  }

  #end(ending: StoreError, keep: MemoryUploadHome['keep']): void {
    if (this.#ending) return;
    this.#ending = ending;
    if (keep) keep(this.#parts);
    else this.#free();
    this.#home.reservation?.end(keep ? this.#size : 0);
    this.#parts = [];
    this.#home.onEnd?.();
  }

  #free(): void {
    this.#home.reserve(-this.#size);
    this.#home.forget?.();
  }

  #requireOpen(): void {
    if (this.#ending) throw this.#ending;
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
