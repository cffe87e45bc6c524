import type { FolderRoom } from './coordination.js';

/** Folders whose sizes are remembered; those that were used last. */
const maximumKnown = 4096;
/** Milliseconds for which a count is good, at least, and as a multiple of what it took. */
const trust = { least: 60_000, factor: 1000 };
/** The same once a folder is full: what other programs remove shall soon make room. */
const trustWhenFull = { least: 1000, factor: 100 };

/** What {@link FolderSizes} works with. */
export interface FolderSizesOptions {
  /**
   * Counts the entries of a folder.
   *
   * @param folder - its path in the tree
   * @param atMost - where counting may end
   * @returns how many there are, or a number above `atMost`
   */
  readonly count: (folder: string, atMost: number) => Promise<number>;
  /** Entries that a folder may have; `Infinity` for as many as there come. */
  readonly limit: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

interface KnownFolder {
  /** Entries at most: exact, but for what other programs did since, and what failed half way. */
  bound: number;
  /** Reserved, and not settled. */
  inFlight: number;
  countedAt: number;
  /** Milliseconds that the count took. */
  took: number;
  counting: Promise<void> | undefined;
}

/**
 * Holds folders to a number of entries without listing them at each change: a folder is counted
 * when something is first put into it, and its changes are counted from then on. The count is
 * never below what came through the server, so the limit holds; it is made anew now and then,
 * since other programs may use the folder too.
 */
export class FolderSizes implements FolderRoom {
  #limit: number;
  readonly #count: FolderSizesOptions['count'];
  readonly #now: () => number;
  /** Those that were used last come last. */
  readonly #known = new Map<string, KnownFolder>();

  /** @param options - what to work with */
  constructor({ count, limit, now = () => performance.now() }: FolderSizesOptions) {
    this.#limit = limit;
    this.#count = count;
    this.#now = now;
  }

  /** @param limit - entries that a folder may have from now on */
  changeLimit(limit: number): void {
    if (limit === this.#limit) return;
    this.#limit = limit;
    // How far a folder was beyond the limit is not known.
    for (const known of this.#known.values()) known.countedAt = -Infinity;
  }

  async reserve(folder: string, entries: number): Promise<boolean> {
    if (this.#limit === Infinity) return true;
    const known = this.#use(folder);
    if (this.#isStale(known)) {
      known.counting ??= this.#countAnew(folder, known);
      await known.counting;
    }
    if (known.bound + entries > this.#limit) return false;
    known.bound += entries;
    known.inFlight += entries;
    return true;
  }

  settle(folder: string, entries: number, added: number): void {
    const known = this.#known.get(folder);
    if (!known) return;
    known.inFlight = Math.max(known.inFlight - entries, 0);
    known.bound -= entries - added;
  }

  removed(folder: string): void {
    const known = this.#known.get(folder);
    if (known) known.bound = Math.max(known.bound - 1, 0);
  }

  forget(folder: string): void {
    for (const path of this.#known.keys()) {
      if (path === folder || path.startsWith(`${folder}/`)) this.#known.delete(path);
    }
  }

  #use(folder: string): KnownFolder {
    const fresh = { bound: 0, inFlight: 0, countedAt: -Infinity, took: 0, counting: undefined };
    const known = this.#known.get(folder) ?? fresh;
    this.#known.delete(folder);
    this.#known.set(folder, known);
    if (this.#known.size > maximumKnown) this.#forgetOldest();
    return known;
  }

  /** What is in use is kept: another count of the same folder would not know of it. */
  #forgetOldest(): void {
    for (const [folder, { inFlight, counting }] of this.#known) {
      if (inFlight > 0 || counting) continue;
      this.#known.delete(folder);
      return;
    }
  }

  #isStale({ bound, countedAt, took }: KnownFolder): boolean {
    const { least, factor } = bound >= this.#limit ? trustWhenFull : trust;
    return this.#now() - countedAt >= Math.max(least, factor * took);
  }

  async #countAnew(folder: string, known: KnownFolder): Promise<void> {
    // Which of these the count finds is not known. Nobody reserves meanwhile.
    const { inFlight } = known;
    const startedAt = this.#now();
    try {
      const counted = await this.#count(folder, this.#limit);
      // Of a folder that is beyond the limit, one entry less says nothing.
      known.bound = counted > this.#limit ? Infinity : counted + inFlight;
      known.countedAt = this.#now();
      known.took = known.countedAt - startedAt;
    } finally {
      known.counting = undefined;
    }
  }
}
