import type { ResultPromise } from 'execa';

import { finished, launch, mainPath } from './program.js';
import { Screen } from './screen.js';
import type { World } from './world.js';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than e2eeftp. */
  readonly program?: string;
}

const e2eeftp = `"${process.execPath}" "${mainPath}"`;

/**
 * The program at a terminal: standard input, output and error are one. What it writes goes to a
 * terminal emulator, whose screen says what a person would see.
 */
export class Terminal {
  readonly child: ResultPromise;
  readonly screen: Screen;
  #written = '';

  /** Starts the program; `args` is what stands behind its name in a line of `sh`. */
  constructor(world: Pick<World, 'place'>, args: string, options: TerminalOptions = {}) {
    const { columns = 80, rows = 24, env, program = e2eeftp } = options;
    this.screen = new Screen(columns, rows);
    // `script` of util-linux gives it the terminal.
    const command = `stty cols ${columns} rows ${rows}; exec ${program} ${args}`;
    this.child = launch('script', ['-qec', command, '/dev/null'], {
      ...world.place,
      env: { ...world.place.env, TERM: 'xterm', SHELL: '/bin/sh', ...env },
      input: { isOpen: true },
    });
    // Execa decodes what is read here, so that a character may come in two parts.
    this.child.stdout?.on('data', (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
      this.#written += bytes.toString('latin1');
      this.screen.write(bytes);
    });
  }

  /** Everything that was written so far, each byte a character. */
  get written(): string {
    return this.#written;
  }

  /** Waits until the program has written some words. */
  async until(words: string): Promise<void> {
    await this.screen.until(() => this.#written.includes(words));
  }

  /** Waits until the screen shows something. */
  async shows(pattern: RegExp | string): Promise<void> {
    await this.screen.until((text) =>
      typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text),
    );
  }

  type(keys: string): void {
    this.child.stdin?.write(Buffer.from(keys));
  }

  async end(): Promise<{ exitCode: number | undefined; shown: string }> {
    const { exitCode, stdout } = finished(await this.child);
    return { exitCode, shown: stdout };
  }
}
