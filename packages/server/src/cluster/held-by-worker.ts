import type { StoreCoordination } from '../store/coordination.js';
import type { Lease } from '../store/uploads/leases.js';

/**
 * What one worker holds of what all have to agree upon. It lives in the supervisor, so that a
 * worker that dies leaves nothing locked: when its process is gone, so is whatever it was doing.
 */
export class HeldByWorker {
  readonly #coordination: StoreCoordination;
  readonly #revoke: (lease: number) => void;
  readonly #locks = new Map<number, () => void>();
  readonly #leases = new Map<number, Lease>();
  /** Folders in which it may add an entry, once for each. */
  readonly #room: string[] = [];
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
   * @returns once it is
   */
  lock(lock: number, paths: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const held = this.#coordination.locks.run(paths, () => {
        const released = new Promise<void>((release) => {
          this.#locks.set(lock, release);
        });
        if (this.#isGone) this.unlock(lock);
        resolve();
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
   * @param folder - where the worker is to add an entry
   * @returns whether there is room
   */
  async reserve(folder: string): Promise<boolean> {
    if (!(await this.#coordination.room.reserve(folder))) return false;
    this.#room.push(folder);
    if (this.#isGone) this.settle(folder, false);
    return true;
  }

  /**
   * @param folder - where the worker was to add an entry
   * @param isAdded - whether it has
   */
  settle(folder: string, isAdded: boolean): void {
    const index = this.#room.indexOf(folder);
    if (index < 0) return;
    this.#room.splice(index, 1);
    this.#coordination.room.settle(folder, isAdded);
  }

  /** The worker is gone. */
  releaseAll(): void {
    this.#isGone = true;
    // Nobody knows how far it was: to count too many is on the safe side.
    for (const folder of [...this.#room]) this.settle(folder, true);
    for (const lock of [...this.#locks.keys()]) this.unlock(lock);
    for (const lease of [...this.#leases.keys()]) this.release(lease);
  }
}
