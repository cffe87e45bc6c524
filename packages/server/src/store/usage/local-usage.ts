import { setTimeout as delay } from 'node:timers/promises';

import type { RemotePath } from '@e2eeftp/protocol';

import { isWithin, Region } from './region.js';
import type { Change, Claim, KeptUpload, Usage } from './usage.js';

/** Counting again takes at most one part in so many of the time. */
const share = 5;
/** How long a claim waits for its turn to be counted for, before it is refused without, in milliseconds. */
const patience = 5000;
/** After so many milliseconds, who asks how much is used hears a new count. */
const freshness = 60_000;

/** Looks at what a store holds. */
export interface Measure {
  /**
   * @param path - a folder of the tree, which need not exist
   * @returns bytes of the files in it
   */
  folder(path: RemotePath): Promise<number>;
  /**
   * @param upload - an upload that was claimed for
   * @returns bytes of it that are kept
   */
  upload(upload: string): Promise<number>;
}

/** An upload that takes room. */
interface Held extends KeptUpload {
  /** Bytes of a file that will be gone, and make up for as many of the upload's. */
  readonly credit: number;
}

/** Keeps count in the one process that all others ask. */
export class LocalUsage implements Usage {
  readonly #measure: Measure;
  readonly #regions = new Map<RemotePath, Region>();
  readonly #uploads = new Map<string, Held>();
  /**
   * The uploads with a credit, by their paths. One for each: otherwise many that replace the same
   * file could fill the disk, none of which would count.
   */
  readonly #credited = new Map<string, string>();
  #clock = 0;

  /** @param measure - looks at what the store holds */
  constructor(measure: Measure) {
    this.#measure = measure;
  }

  get clock(): number {
    return this.#clock;
  }

  async reserve(claim: Claim): Promise<boolean> {
    const region = this.#regionOf(claim.quota.home);
    // Who may not count holds a lock that a count may have to wait for.
    if (!claim.mayCount) return this.#take(claim, region);
    await this.#count(region);
    if (this.#take(claim, region)) return true;
    await this.#countAgain(region);
    return this.#take(claim, region);
  }

  uploadEnded(upload: string, kept?: KeptUpload): void {
    this.#hold(upload, kept && kept.bytes > 0 ? { ...kept, credit: 0 } : undefined);
  }

  uploadLost(upload: string): void {
    const held = this.#uploads.get(upload);
    if (!held) return;
    const { path } = held;
    this.#measure.upload(upload).then(
      (bytes) => {
        // Somebody may go on with it by now.
        if (this.#uploads.get(upload) === held) this.uploadEnded(upload, { path, bytes });
      },
      // It counts as it did, until somebody goes on with it or it is dropped.
      () => undefined,
    );
  }

  changed({ path, bytes, since, upload }: Change): void {
    if (upload !== undefined) this.#hold(upload, undefined);
    // What they were to replace is not what it was.
    for (const [place, name] of this.#credited) {
      const held = isWithin(place, path) && this.#uploads.get(name);
      if (held) this.#hold(name, { ...held, credit: 0 });
    }
    for (const region of this.#regions.values()) region.change(path, bytes, since);
  }

  isBorder(from: RemotePath, to?: RemotePath): Promise<boolean> {
    const isParted = (region: Region): boolean =>
      region.contains(from) !== (to !== undefined && region.contains(to));
    return Promise.resolve([...this.#regions.values()].some(isParted));
  }

  async used(home: RemotePath): Promise<number> {
    const region = this.#regionOf(home);
    const isOld = performance.now() - region.endedAt > Math.max(freshness, share * region.duration);
    if (isOld) await this.#countOnce(region);
    if (region.isRough) await this.#countAgain(region);
    return (await this.#count(region)) + region.held;
  }

  #regionOf(home: RemotePath): Region {
    const known = this.#regions.get(home);
    if (known) return known;
    const region = new Region(home);
    for (const held of this.#uploads.values()) {
      if (region.contains(held.path)) region.held += weightOf(held);
    }
    this.#regions.set(home, region);
    this.#clock += 1;
    return region;
  }

  /** From here to its end nothing is awaited: of two that need the last bytes, one may have them. */
  #take({ upload, path, bytes, replaced, quota }: Claim, region: Region): boolean {
    if (region.files === undefined) return false;
    const before = this.#uploads.get(upload);
    const holder = this.#credited.get(path) ?? upload;
    const held = { path, bytes, credit: holder === upload ? replaced : 0 };
    const counted = before && region.contains(before.path) ? weightOf(before) : 0;
    const more = weightOf(held) - counted;
    if (more > 0 && region.files + region.held + more > quota.bytes) return false;
    this.#hold(upload, held);
    return true;
  }

  #hold(upload: string, held: Held | undefined): void {
    const before = this.#uploads.get(upload);
    for (const region of this.#regions.values()) {
      if (before && region.contains(before.path)) region.held -= weightOf(before);
      if (held && region.contains(held.path)) region.held += weightOf(held);
    }
    if (before && this.#credited.get(before.path) === upload) this.#credited.delete(before.path);
    if (held) this.#uploads.set(upload, held);
    else this.#uploads.delete(upload);
    if (held && held.credit > 0) this.#credited.set(held.path, upload);
  }

  /** As long as nobody knows: what happens meanwhile may leave nobody knowing again. */
  async #count(region: Region): Promise<number> {
    while (region.files === undefined) await this.#countOnce(region);
    return region.files;
  }

  /** Who asks for more than there is again and again must not keep the disk busy. */
  async #countAgain(region: Region): Promise<void> {
    const wait = region.endedAt + share * region.duration - performance.now();
    if (wait > patience) return;
    if (wait > 0 && !region.counting) await delay(wait);
    await this.#countOnce(region);
  }

  #countOnce(region: Region): Promise<void> {
    region.counting ??= region
      .count(
        (folder) => this.#measure.folder(folder),
        () => ++this.#clock,
      )
      .finally(() => {
        region.counting = undefined;
      });
    return region.counting;
  }
}

function weightOf({ bytes, credit }: Held): number {
  return Math.max(0, bytes - credit);
}
