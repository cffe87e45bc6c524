import { setTimeout as delay } from 'node:timers/promises';

import { throwIfAborted } from '../errors.js';

/** Bytes that may go at once after a pause, as milliseconds of the rate. */
const burst = 250;

/** Holds transfers to a rate, all of them together. */
export class RateLimit {
  readonly #perMillisecond: number;
  /** When the bytes so far would have gone at the rate. */
  #due = 0;

  /** @param bytesPerSecond - the rate */
  constructor(bytesPerSecond: number) {
    this.#perMillisecond = bytesPerSecond / 1000;
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
