import type { RemotePath } from '@e2eeftp/protocol';

import { StoreError } from '../store-error.js';
import type { Change, Quota, Usage } from './usage.js';

/** What an upload takes room for. */
export interface ReservationOptions {
  /** Stands for the upload among all others. */
  readonly upload: string;
  /** Where the file will be. */
  readonly path: RemotePath;
  /** Bytes of the file that is there now. */
  readonly replaced: number;
  /** By default there is none. */
  readonly quota: Quota | undefined;
}

/** The room that one upload takes, from its beginning to its end. */
export class Reservation {
  /** Stands for the upload among all others. */
  readonly upload: string;
  readonly #usage: Usage;
  readonly #path: RemotePath;
  readonly #quota: Quota | undefined;
  #replaced: number;
  #bytes = -1;
  #isOver = false;

  /**
   * @param usage - keeps count
   * @param options - what to take room for
   */
  constructor(usage: Usage, { upload, path, replaced, quota }: ReservationOptions) {
    this.#usage = usage;
    this.upload = upload;
    this.#path = path;
    this.#replaced = replaced;
    this.#quota = quota;
  }

  /**
   * @param bytes - of the upload, in all
   * @returns whether room has yet to be taken for them
   */
  isShort(bytes: number): boolean {
    return this.#quota !== undefined && bytes > this.#bytes;
  }

  /**
   * Takes room for more.
   *
   * @param bytes - of the upload, in all
   * @throws StoreError `no-space`
   */
  async take(bytes: number): Promise<void> {
    if (this.isShort(bytes)) await this.#reserve(bytes, true);
  }

  /**
   * Takes room for all of an upload, now that it is known what it replaces.
   *
   * @param replaced - bytes of the file that is there now
   * @param bytes - of the upload, in all
   * @throws StoreError `no-space`
   */
  async takeInsteadOf(replaced: number, bytes: number): Promise<void> {
    this.#replaced = replaced;
    await this.take(bytes);
  }

  /**
   * Makes sure of the room, just before the upload becomes a file: what it was to replace may have
   * been replaced or removed by somebody else.
   *
   * @param replaced - bytes of the file that is there now
   * @throws StoreError `no-space`
   */
  async settle(replaced: number): Promise<void> {
    if (!this.#quota || replaced >= this.#replaced) return;
    this.#replaced = replaced;
    await this.#reserve(this.#bytes, false);
  }

  /**
   * The upload has become a file, which counts in its place.
   *
   * @param change - how many bytes there are more by it, and since when
   */
  stored(change: Pick<Change, 'bytes' | 'since'>): void {
    this.#isOver = true;
    this.#usage.changed({ ...change, path: this.#path, upload: this.upload });
  }

  /**
   * Nobody writes the upload any more.
   *
   * @param kept - bytes of it that are kept
   */
  end(kept: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#usage.uploadEnded(this.upload, { path: this.#path, bytes: kept });
  }

  async #reserve(bytes: number, mayCount: boolean): Promise<void> {
    if (!this.#quota) return;
    const hasRoom = await this.#usage.reserve({
      upload: this.upload,
      path: this.#path,
      bytes,
      replaced: this.#replaced,
      quota: this.#quota,
      mayCount,
    });
    if (!hasRoom) throw new StoreError('no-space', 'The quota of the client is used up');
    this.#bytes = bytes;
  }
}
