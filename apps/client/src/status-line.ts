import type { WriteStream } from 'node:tty';

/** Milliseconds between two changes of the line: more often, nobody can read it. */
const interval = 100;
const eraseLine = '\r\u001B[K';

/** The last line of a terminal, which tells how far something is and is gone in the end. */
export class StatusLine {
  readonly #terminal: WriteStream;
  #isShown = false;
  #lastChange = -Infinity;

  /** @param terminal - where to show it */
  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  /**
   * @param text - makes what to show: printable text of one line; called only when it is time
   */
  show(text: () => string): void {
    const now = performance.now();
    if (now - this.#lastChange < interval) return;
    this.#lastChange = now;
    this.#isShown = true;
    // One column stays free: a full line would wrap, and could not be erased.
    const columns = Math.max(1, this.#terminal.columns - 1);
    this.#terminal.write(eraseLine + Array.from(text()).slice(0, columns).join(''));
  }

  /** Makes room for a line that stays. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#lastChange = -Infinity;
    this.#terminal.write(eraseLine);
  }
}
