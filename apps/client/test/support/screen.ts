import headless, { type Terminal as Emulator } from '@xterm/headless';

import { afterThisTest } from './cleanup.js';

/** Milliseconds, less than those of a test. */
const patience = 60_000;

/** The screen of a terminal: what a person sees of all that was written to it. */
export class Screen {
  readonly #emulator: Emulator;
  readonly #watchers = new Set<() => void>();

  constructor(columns: number, rows: number) {
    this.#emulator = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
    afterThisTest(() => {
      this.#emulator.dispose();
      return undefined;
    });
  }

  write(bytes: Uint8Array): void {
    this.#emulator.write(bytes, () => {
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  resize(columns: number, rows: number): void {
    this.#emulator.resize(columns, rows);
  }

  /** Waits until all that was written is on the screen. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#emulator.write('', resolve);
    });
  }

  /** The lines that are seen, without the blanks at their ends, and the empty ones at the end. */
  get lines(): string[] {
    const { active } = this.#emulator.buffer;
    const lines: string[] = [];
    for (let row = 0; row < active.length; row++) {
      lines.push(active.getLine(row)?.translateToString(true).trimEnd() ?? '');
    }
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** The line that the cursor is in, up to the cursor. */
  get typed(): string {
    const { active } = this.#emulator.buffer;
    const line = active.getLine(active.baseY + active.cursorY);
    return line?.translateToString(false, 0, active.cursorX) ?? '';
  }

  /** Waits until the screen is as it should be, and says how it is instead when that takes long. */
  async until(isSeen: (text: string) => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(patience);
    while (!isSeen(this.text)) {
      if (deadline.aborted) throw new Error(`The screen shows something else:\n${this.text}`);
      await this.#changed(deadline);
    }
  }

  #changed(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        this.#watchers.delete(watcher);
        deadline.removeEventListener('abort', watcher);
        resolve();
      };
      this.#watchers.add(watcher);
      deadline.addEventListener('abort', watcher);
    });
  }
}
