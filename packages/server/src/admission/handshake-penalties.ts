/** Failed handshakes that cost nothing: people mistype, and networks break. */
const freeFailures = 5;
const firstDelay = 1000;
const longestDelay = 300_000;
/** After so long without a failure, an address begins anew. */
const memory = 600_000;
/** Addresses that are remembered; whoever has more of them gains little by a delay being lost. */
const maximumGroups = 16_384;

interface Record {
  failures: number;
  /** Until when the address waits. */
  until: number;
  last: number;
}

/**
 * Makes whoever fails at handshakes wait, longer with each failure: guessing and flooding get
 * slower, and a person who got something wrong notices nothing.
 */
export class HandshakePenalties {
  readonly #now: () => number;
  /** Those that failed last come last. */
  readonly #records = new Map<string, Record>();

  /** @param now - milliseconds of a clock that only goes forward */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param group - who comes
   * @returns whether it has to wait still
   */
  isBarred(group: string): boolean {
    return (this.#records.get(group)?.until ?? 0) > this.#now();
  }

  /** @param group - who has failed */
  failed(group: string): void {
    const now = this.#now();
    const known = this.#records.get(group);
    const failures = (known && now - known.last < memory ? known.failures : 0) + 1;
    const excess = failures - freeFailures;
    const delay = excess > 0 ? Math.min(firstDelay * 2 ** (excess - 1), longestDelay) : 0;
    this.#records.delete(group);
    this.#records.set(group, { failures, until: now + delay, last: now });
    this.#forgetOldest(now);
  }

  /** @param group - who has shown that it belongs here */
  succeeded(group: string): void {
    this.#records.delete(group);
  }

  #forgetOldest(now: number): void {
    for (const [group, { last }] of this.#records) {
      if (this.#records.size <= maximumGroups && now - last < memory) return;
      this.#records.delete(group);
    }
  }
}
