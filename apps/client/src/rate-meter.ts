/** Milliseconds of the past that count: long enough for calm numbers, short enough to be true. */
const windowLength = 8000;
/** Milliseconds between two measurements that are kept, so that there are few. */
const resolution = 200;

interface Sample {
  readonly time: number;
  readonly bytes: number;
}

/** Measures how fast something moves now, as a mean over the last seconds. */
export class RateMeter {
  readonly #samples: Sample[] = [];

  /**
   * @param bytes - what has moved in all
   * @param time - milliseconds of a clock that only goes forward
   */
  add(bytes: number, time: number): void {
    const last = this.#samples.at(-1);
    if (last && time - last.time < resolution) return;
    this.#samples.push({ time, bytes });
    while ((this.#samples[1]?.time ?? Infinity) <= time - windowLength) this.#samples.shift();
  }

  /**
   * @param bytes - what has moved in all
   * @param time - now
   * @returns bytes a second; nothing while that is too early to say
   */
  rate(bytes: number, time: number): number | undefined {
    const [first] = this.#samples;
    if (!first || time - first.time < resolution) return undefined;
    return Math.max(0, ((bytes - first.bytes) / (time - first.time)) * 1000);
  }
}
