import { StoreError } from '../store-error.js';
import type { Quota, Reservation, Usage } from './usage.js';

/** Before somebody is refused, what was counted longer ago than this is counted again. */
const recountAfter = 60_000;

interface Region {
  /** Bytes of what is stored, as far as they were counted or told of. */
  stored: number;
  /** Bytes that are set aside. */
  reserved: number;
  countedAt: number;
}

/** Counts for all processes that use a store; it lives in one of them. */
export class LocalUsage implements Usage {
  readonly #count: (root: string) => Promise<number>;
  readonly #now: () => number;
  readonly #regions = new Map<string, Promise<Region>>();

  /**
   * @param count - counts what is stored below a folder, while nothing there changes
   * @param now - milliseconds of a clock that only goes forward
   */
  constructor(
    count: (root: string) => Promise<number>,
    now: () => number = () => performance.now(),
  ) {
    this.#count = count;
    this.#now = now;
  }

  async used(root: string): Promise<number> {
    const { stored, reserved } = await this.#region(root);
    return stored + reserved;
  }

  async reserve(quota: Quota, bytes: number): Promise<Reservation> {
    const region = await this.#region(quota.root);
    let mine = 0;
    const grow = async (total: number): Promise<void> => {
      await this.#refresh(quota, region, total - mine);
      // From here on nothing is awaited: of two that need the last bytes, only one may find them.
      const more = Math.max(0, total - mine);
      if (!fits(quota, region, more)) {
        throw new StoreError('no-space', `The quota of ${quota.bytes} bytes is used up`);
      }
      region.reserved += more;
      mine += more;
    };
    await grow(bytes);
    return {
      grow,
      release: () => {
        region.reserved -= mine;
        mine = 0;
      },
    };
  }

  changed(path: string, delta: number): void {
    for (const [root, region] of this.#regions) {
      if (path !== root && !path.startsWith(`${root}/`)) continue;
      void region.then((counted) => {
        counted.stored = Math.max(0, counted.stored + delta);
      });
    }
  }

  /** Other programs may have made room. */
  async #refresh(quota: Quota, region: Region, more: number): Promise<void> {
    if (fits(quota, region, more) || this.#now() - region.countedAt <= recountAfter) return;
    region.countedAt = this.#now();
    region.stored = await this.#count(quota.root);
  }

  #region(root: string): Promise<Region> {
    const known = this.#regions.get(root);
    if (known) return known;
    const counted = this.#count(root).then((stored) => ({
      stored,
      reserved: 0,
      countedAt: this.#now(),
    }));
    this.#regions.set(root, counted);
    counted.catch(() => this.#regions.delete(root));
    return counted;
  }
}

function fits({ bytes }: Quota, { stored, reserved }: Region, more: number): boolean {
  return stored + reserved + more <= bytes;
}
