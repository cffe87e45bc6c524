import headless from '@xterm/headless';
import type { ResultPromise } from 'execa';

import { afterThisTest } from './cleanup.js';
import { finished, launch, mainPath, type Finished } from './program.js';
import type { World } from './world.js';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program at a terminal: standard input, output and error are one. */
export class Terminal {
  readonly child: ResultPromise;
  readonly #emulator: headless.Terminal;
  #shown = '';
  #wake: () => void = () => undefined;

  /**
   * @param world - where it runs
   * @param args - a part of a shell's line: what stands behind the program's name
   * @param options - what the terminal is like
   */
  constructor(world: World, args: string, options: TerminalOptions = {}) {
    const { columns = 80, rows = 24, env } = options;
    this.#emulator = new headless.Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 1000,
    });
    const command = `stty cols ${columns} rows ${rows}; tty > ../tty; "${process.execPath}" "${mainPath}" ${args}`;
    this.child = launch('script', ['-qec', command, '/dev/null'], {
      ...world.place,
      env: { ...world.place.env, TERM: 'xterm', SHELL: '/bin/sh', ...env },
      input: { isOpen: true },
      // A conversation has many turns.
      secondsToLive: 100,
    });
    this.child.stdout?.on('data', (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
      this.#shown += bytes.toString('latin1');
      this.#emulator.write(bytes, () => {
        this.#wake();
      });
    });
    afterThisTest(() => {
      this.#emulator.dispose();
      return undefined;
    });
  }

  /** Everything that was written, as UTF-8. */
  get shown(): string {
    return Buffer.from(this.#shown, 'latin1').toString();
  }

  /** The lines that a person could read now, those that have scrolled away too, without blanks. */
  get lines(): string[] {
    const { active } = this.#emulator.buffer;
    const lines = Array.from({ length: active.length }, (_, row) =>
      (active.getLine(row)?.translateToString(true) ?? '').trimEnd(),
    );
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
  }

  /** Waits for words anywhere in what was written. */
  until(words: string): Promise<void> {
    return this.#until(() => this.shown.includes(words));
  }

  /** Waits for the screen to look as it should. */
  untilScreen(isRight: (lines: readonly string[]) => boolean): Promise<void> {
    return this.#until(() => isRight(this.lines));
  }

  async #until(isRight: () => boolean): Promise<void> {
    while (!isRight()) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        this.child.then(
          () => {
            setTimeout(() => {
              if (isRight()) resolve();
              else reject(new Error(`It ended; the screen was:\n${this.lines.join('\n')}`));
            }, 100);
          },
          () => undefined,
        );
      });
    }
  }

  /** Gives the terminal another size, as its window does. */
  async resize(world: World, columns: number, rows: number): Promise<void> {
    const { exitCode } = await world.shell(
      `stty -F "$(cat ../tty)" cols ${columns} rows ${rows} 2>/dev/null`,
    );
    if (exitCode !== 0) throw new Error('The terminal is gone');
    this.#emulator.resize(columns, rows);
  }

  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  async end(): Promise<{ exitCode: number | undefined; shown: string }> {
    const { exitCode } = finished(await this.child);
    await new Promise<void>((resolve) => {
      this.#emulator.write('', resolve);
    });
    return { exitCode, shown: this.shown };
  }
}

/** Runs the program where no terminal can be reached, whoever runs the tests. */
export async function runWithoutTerminal(
  world: World,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const options = { ...world.place, env: { ...world.place.env, ...env } };
  return finished(await launch('setsid', ['-w', process.execPath, mainPath, ...args], options));
}
