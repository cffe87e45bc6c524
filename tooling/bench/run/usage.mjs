// What one side of a transfer uses while it runs.
import { setTimeout as delay } from 'node:timers/promises';

import { cpuOf, forgetPeak, peakOf, treeOf } from './process-tree.mjs';

/** Milliseconds between two looks at the memory, at least. */
const interval = 50;

/** How many times as long as a look takes nobody looks again: many clients would feel it. */
const rest = 50;

/** Milliseconds that a server has for ending what it started for a client. */
const patience = 2000;

/**
 * Watches the processes of one side. Memory is the sum of what each of them had at its most: no
 * less than what they had together.
 */
export class Usage {
  #pids;
  #peaks = new Map();
  #timer;
  #before;
  #usual;

  /** @param {number[]} pids the processes that are there already; what they start counts too */
  constructor(pids) {
    this.#pids = pids;
    const tree = treeOf(pids);
    this.#usual = tree.length;
    tree.forEach(forgetPeak);
    this.#before = cpuOf(tree);
    this.#lookAgain();
  }

  /** Ends the watch: seconds of CPU, and bytes of memory. */
  async end() {
    clearTimeout(this.#timer);
    this.#look();
    const deadline = performance.now() + patience;
    // What has ended is counted with whoever started it.
    while (treeOf(this.#pids).length > this.#usual && performance.now() < deadline) await delay(10);
    const memory = [...this.#peaks.values()].reduce((sum, peak) => sum + peak, 0);
    return { cpu: cpuOf(treeOf(this.#pids)) - this.#before, memory };
  }

  #lookAgain(after = interval) {
    this.#timer = setTimeout(() => {
      const begin = performance.now();
      this.#look();
      this.#lookAgain(Math.max(interval, rest * (performance.now() - begin)));
    }, after);
  }

  #look() {
    for (const pid of treeOf(this.#pids)) {
      this.#peaks.set(pid, Math.max(this.#peaks.get(pid) ?? 0, peakOf(pid)));
    }
  }
}
