import { setTimeout as delay } from 'node:timers/promises';

import { formatPublicKey } from '@e2eeftp/crypto';

/**
 * Requests that may come at once after a while without any: what the rate allows in so long, in
 * milliseconds, and always one.
 */
const shortestBurst = 1000;
/** Identities at which those that have been quiet are forgotten for the first time. */
const firstSweep = 1024;

/** Says when a request's turn has come. */
export interface RequestPacing {
  /**
   * Counts a request, and waits until it may be worked on.
   *
   * @param identity - whose it is, 32 bytes
   * @param signal - ends the wait
   */
  turnOf(identity: Uint8Array, signal: AbortSignal): Promise<void>;
  /** @param perSecond - requests a second and identity from now on; 0 for as many as they like */
  changeRate?(perSecond: number): void;
}

/**
 * Holds identities to a rate of requests, over all their connections: who asks faster waits, which
 * its own network connection then makes the client feel. Nothing is refused.
 */
export class RequestRates implements RequestPacing {
  #interval = 0;
  #burst = shortestBurst;
  readonly #now: () => number;
  /** When the identity's requests so far would have come at the rate (GCRA). */
  readonly #due = new Map<string, number>();
  #nextSweep = firstSweep;

  /**
   * @param perSecond - requests a second and identity; 0 for as many as they like
   * @param now - milliseconds of a clock that only goes forward
   */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#now = now;
    this.changeRate(perSecond);
  }

  changeRate(perSecond: number): void {
    const interval = perSecond > 0 ? 1000 / perSecond : 0;
    if (interval === this.#interval) return;
    this.#interval = interval;
    this.#burst = Math.max(shortestBurst, this.#interval);
    // What was due at another rate says nothing about this one.
    this.#due.clear();
  }

  async turnOf(identity: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#interval === 0) return;
    const wait = this.take(formatPublicKey(identity), 1);
    // Who is gone finds out by himself.
    if (wait > 0) await delay(wait, undefined, { signal }).catch(() => undefined);
  }

  /**
   * Counts requests.
   *
   * @param identity - whose they are, as text
   * @param count - how many
   * @returns milliseconds that they have to wait
   */
  take(identity: string, count: number): number {
    if (this.#interval === 0) return 0;
    const now = this.#now();
    if (this.#due.size >= this.#nextSweep) this.#forgetQuiet(now);
    const due = Math.max(this.#due.get(identity) ?? now, now) + count * this.#interval;
    this.#due.set(identity, due);
    return Math.max(0, due - now - this.#burst);
  }

  #forgetQuiet(now: number): void {
    for (const [identity, due] of this.#due) if (due <= now) this.#due.delete(identity);
    // Where most are busy, the next look would find as little.
    this.#nextSweep = Math.max(firstSweep, 2 * this.#due.size);
  }
}
