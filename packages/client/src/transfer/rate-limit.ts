import { setTimeout as delay } from 'node:timers/promises';

import { limits } from '@e2eeftp/protocol';

import { throwIfAborted } from '../errors.js';

/** Bytes that may go at once after a pause, as milliseconds of the rate. */
const burst = 250;

/** Milliseconds of the rate that are asked of a server at once. */
const rangeTime = 10_000;

/** Bytes a second below which a server would wait too long for what many transfers share. */
const slow = 2 * 1024 * 1024;

/** Bytes of a range that this side takes in at once, so that the server is done with it. */
const longestSlowRange = 512 * 1024;

/** Bytes that are worth a record, or a request, of their own. */
const shortest = 4096;

/** Holds transfers to a rate, all of them together. */
export class RateLimit {
  readonly #perMillisecond: number;
  /** When the bytes so far would have gone at the rate. */
  #due = 0;

  /** @param bytesPerSecond - the rate */
  constructor(bytesPerSecond: number) {
    this.#perMillisecond = bytesPerSecond / 1000;
  }

  /** Bytes that are to be asked of a server at once, which must not wait for the rate. */
  get longestRange(): number {
    if (this.#perMillisecond * 1000 >= slow) return Infinity;
    const bytes = Math.round(this.#perMillisecond * rangeTime);
    return Math.min(Math.max(bytes, shortest), longestSlowRange);
  }

  /** Bytes that are to be sent at once. */
  get longestPart(): number {
    const bytes = Math.round(this.#perMillisecond * burst);
    return Math.min(Math.max(bytes, shortest), limits.bodyRecord);
  }

  /**
   * Waits until bytes may go.
   *
   * @param bytes - how many
   * @param signal - ends the wait
   * @throws ClientError `aborted`
   */
  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const now = performance.now();
    this.#due = Math.max(this.#due, now) + bytes / this.#perMillisecond;
    const wait = this.#due - now - burst;
    if (wait <= 0) return;
    await delay(wait, undefined, { signal }).catch(() => undefined);
    throwIfAborted(signal);
  }
}
