import { parsePath, type RemotePath } from '@e2eeftp/protocol';

import { branches } from '../tree.js';

const [, vaults] = branches;

/** What the clients with one home can see, and how many bytes of it there are. */
export class Region {
  /** Bytes of its files; absent before they are counted, and when nobody knows any more. */
  files: number | undefined;
  /** Whether there may be less: a count and a change came together. */
  isRough = false;
  /** Bytes set aside for uploads to there. */
  held = 0;
  /** When it was counted last, as the usage's own clock says. */
  countedAt = 0;
  /** When that ended, as the machine's clock says, in milliseconds. */
  endedAt = -Infinity;
  /** How long that took. */
  duration = 0;
  /** The count that is under way. */
  counting: Promise<void> | undefined;
  readonly #folders: readonly RemotePath[];
  /** Bytes that have come since the count began, whether it has seen them or not. */
  #added = 0;
  /** How often nobody knew any more. */
  #spoilings = 0;

  /** @param home - the folder that is the clients' `received` */
  constructor(home: RemotePath) {
    this.#folders = [home, parsePath(vaults)];
  }

  /**
   * @param path - any path
   * @returns whether it is in the region
   */
  contains(path: string): boolean {
    return this.#folders.some((folder) => isWithin(path, folder));
  }

  /**
   * Takes a change into account.
   *
   * @param path - where it was made
   * @param bytes - how many there are more; absent when nobody knows
   * @param since - the time before it was begun
   */
  change(path: string, bytes: number | undefined, since: number): void {
    const isInside = this.contains(path);
    const isAround = this.#folders.some((folder) => isWithin(folder, path));
    if (!isInside && !isAround) return;
    if (!isInside || bytes === undefined) {
      this.files = undefined;
      this.#spoilings++;
      return;
    }
    // A count that ran meanwhile may have seen what there was before: better too much than too little.
    this.#added += Math.max(0, bytes);
    const isUncertain = this.countedAt > since;
    this.isRough ||= isUncertain || this.counting !== undefined;
    const counted = isUncertain ? Math.max(0, bytes) : bytes;
    if (this.files !== undefined) this.files = Math.max(0, this.files + counted);
  }

  /**
   * Counts anew, while changes go on.
   *
   * @param bytesOf - counts what is in a folder
   * @param tick - gives the time at which that has ended
   */
  async count(bytesOf: (folder: RemotePath) => Promise<number>, tick: () => number): Promise<void> {
    const startedAt = performance.now();
    this.#added = 0;
    const spoilings = this.#spoilings;
    this.isRough = false;
    let files = 0;
    for (const folder of this.#folders) files += await bytesOf(folder);
    if (this.#spoilings === spoilings) this.files = files + this.#added;
    this.countedAt = tick();
    this.endedAt = performance.now();
    this.duration = this.endedAt - startedAt;
  }
}

/**
 * @param path - any path
 * @param folder - a folder; the root has everything in it
 * @returns whether the path is the folder, or is in it
 */
export function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
