import type { Folder } from './folder.js';

/** Folders at most: so many are filled or read at the same time at most, by different clients. */
const mostFolders = 16;

/**
 * Keeps folders open for a moment behind their use, since the next file most often goes to the same
 * one, or comes from it: to open a folder costs as much as to write a small file.
 */
export class RecentFolders {
  readonly #keepTime: number;
  /** When each was used last, as `performance.now()` says; the longest ago comes first. */
  readonly #lastUses = new Map<Folder, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param keepTime - milliseconds that a folder stays open; 0 for none */
  constructor(keepTime: number) {
    this.#keepTime = keepTime;
  }

  /** @param folder - it is in use */
  keep(folder: Folder): void {
    if (this.#keepTime === 0) return;
    if (!this.#lastUses.delete(folder)) folder.share();
    this.#lastUses.set(folder, performance.now());
    if (this.#lastUses.size > mostFolders) this.#closeOldest();
    this.#timer ??= setTimeout(() => {
      this.#closeUnused();
    }, this.#keepTime).unref();
  }

  /** Closes all that nobody uses. */
  close(): void {
    clearTimeout(this.#timer);
    while (this.#lastUses.size > 0) this.#closeOldest();
  }

  #closeUnused(): void {
    const latest = performance.now() - this.#keepTime;
    for (const lastUse of this.#lastUses.values()) {
      if (lastUse <= latest) this.#closeOldest();
    }
    this.#timer = undefined;
    if (this.#lastUses.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#closeUnused();
    }, this.#keepTime).unref();
  }

  #closeOldest(): void {
    const [folder] = this.#lastUses.keys();
    if (!folder) return;
    this.#lastUses.delete(folder);
    folder.close();
  }
}
