import { parsePath } from '@e2eeftp/protocol';

import type { StoreCoordination } from '../store/coordination.js';
import type { Lease } from '../store/uploads/leases.js';
import type { Change, Claim, KeptUpload } from '../store/usage/usage.js';

/**
 * What one worker holds of what all have to agree upon. It lives in the supervisor, so that a
 * worker that dies leaves nothing locked: when its process is gone, so is whatever it was doing.
 */
export class HeldByWorker {
  readonly #coordination: StoreCoordination;
  readonly #revoke: (lease: number) => void;
  readonly #locks = new Map<number, () => void>();
  readonly #leases = new Map<number, Lease>();
  /** Folders in which it may add entries, and how many. */
  readonly #room = new Map<string, number>();
  readonly #uploads = new Set<string>();
  #isGone = false;

  /**
   * @param coordination - what is shared
   * @param revoke - tells the worker that somebody else wants what it holds
   */
  constructor(coordination: StoreCoordination, revoke: (lease: number) => void) {
    this.#coordination = coordination;
    this.#revoke = revoke;
  }

  /**
   * @param lock - the worker's number for it
   * @param paths - what is to be locked
   * @returns what the usage's clock says, once it is
   */
  lock(lock: number, paths: readonly string[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const held = this.#coordination.locks.run(paths, () => {
        const released = new Promise<void>((release) => {
          this.#locks.set(lock, release);
        });
        if (this.#isGone) this.unlock(lock);
        resolve(this.#coordination.usage.clock);
        return released;
      });
      held.catch(reject);
    });
  }

  /** @param lock - the worker's number for what it no longer needs */
  unlock(lock: number): void {
    this.#locks.get(lock)?.();
    this.#locks.delete(lock);
  }

  /**
   * @param lease - the worker's number for it
   * @param name - what it wants
   */
  async lease(lease: number, name: string): Promise<void> {
    const held = await this.#coordination.leases.acquire(name, () => {
      this.#revoke(lease);
    });
    this.#leases.set(lease, held);
    if (this.#isGone) this.release(lease);
  }

  /** @param lease - the worker's number for what it no longer needs */
  release(lease: number): void {
    this.#leases.get(lease)?.release();
    this.#leases.delete(lease);
  }

  /**
   * @param folder - where the worker is to add entries
   * @param entries - how many
   * @returns whether there is room for all of them
   */
  async reserveEntries(folder: string, entries: number): Promise<boolean> {
    if (!(await this.#coordination.room.reserve(folder, entries))) return false;
    this.#room.set(folder, (this.#room.get(folder) ?? 0) + entries);
    if (this.#isGone) this.settleEntries(folder, entries, 0);
    return true;
  }

  /**
   * @param folder - where the worker was to add entries
   * @param entries - how many
   * @param added - how many it has added
   */
  settleEntries(folder: string, entries: number, added: number): void {
    const held = this.#room.get(folder);
    if (held === undefined) return;
    if (held > entries) this.#room.set(folder, held - entries);
    else this.#room.delete(folder);
    this.#coordination.room.settle(folder, Math.min(held, entries), added);
  }

  /**
   * @param claim - what the worker needs room for
   * @returns whether there is
   */
  async reserve(claim: Claim): Promise<boolean> {
    const { usage } = this.#coordination;
    const hasRoom = await usage.reserve(claim);
    if (hasRoom) this.#uploads.add(claim.upload);
    if (this.#isGone) usage.uploadLost(claim.upload);
    return hasRoom;
  }

  /**
   * @param upload - what the worker writes no more
   * @param kept - what is left of it
   */
  uploadEnded(upload: string, kept: KeptUpload | undefined): void {
    this.#uploads.delete(upload);
    this.#coordination.usage.uploadEnded(upload, kept);
  }

  /** @param upload - what the worker no longer knows anything of */
  uploadLost(upload: string): void {
    this.#uploads.delete(upload);
    this.#coordination.usage.uploadLost(upload);
  }

  /** @param change - what the worker did to the tree */
  changed(change: Change): void {
    if (change.upload !== undefined) this.#uploads.delete(change.upload);
    this.#coordination.usage.changed(change);
  }

  /** The worker is gone. */
  releaseAll(): void {
    this.#isGone = true;
    // Nobody knows how far it was: to count too many is on the safe side.
    for (const [folder, entries] of [...this.#room]) {
      this.settleEntries(folder, entries, entries);
    }
    const { usage } = this.#coordination;
    for (const upload of this.#uploads) usage.uploadLost(upload);
    // It may have changed something, and not have said so.
    usage.changed({ path: parsePath(''), since: usage.clock });
    for (const lock of [...this.#locks.keys()]) this.unlock(lock);
    for (const lease of [...this.#leases.keys()]) this.release(lease);
  }
}
