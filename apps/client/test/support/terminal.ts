import { readFile, readlink } from 'node:fs/promises';

import type { ResultPromise } from 'execa';

import { finished, launch, mainPath, type Finished } from './program.js';
import { Screen } from './screen.js';
import type { World } from './world.js';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than e2eeftp. */
  readonly program?: string;
}

/** The program, in a line of `sh`. */
export const e2eeftp = `"${process.execPath}" "${mainPath}"`;

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
      // A conversation has many turns.
      secondsToLive: 100,
    });
    // Execa decodes what is read here, so that a character may come in two parts.
    this.child.stdout?.on('data', (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
      this.#written += bytes.toString('latin1');
      this.screen.write(bytes);
    });
  }

  /** Everything that was written so far, as UTF-8. */
  get shown(): string {
    return Buffer.from(this.#written, 'latin1').toString();
  }

  /** The lines that a person could read now, those that have scrolled away too. */
  get lines(): string[] {
    return this.screen.lines;
  }

  /** Waits until the program has written some words. */
  async until(words: string): Promise<void> {
    await this.screen.until(() => this.shown.includes(words));
  }

  /** Waits until the screen shows something. */
  async shows(pattern: RegExp | string): Promise<void> {
    await this.screen.until((text) =>
      typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text),
    );
  }

  /** Waits until the lines of the screen are as they should be. */
  async untilLines(areRight: (lines: readonly string[]) => boolean): Promise<void> {
    await this.screen.until(() => areRight(this.lines));
  }

  /** Gives the terminal another size, as its window does. */
  async resize(columns: number, rows: number): Promise<void> {
    const pid = String(this.child.pid);
    const [program = ''] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ');
    const tty = await readlink(`/proc/${program}/fd/0`);
    const size = ['cols', `${columns}`, 'rows', `${rows}`];
    const { exitCode, stderr } = finished(await launch('stty', ['-F', tty, ...size]));
    if (exitCode !== 0) throw new Error(`The terminal keeps its size: ${stderr}`);
    this.screen.resize(columns, rows);
  }

  type(keys: string): void {
    this.child.stdin?.write(Buffer.from(keys));
  }

  /** Waits for the program's end, and until the screen shows all that it has written. */
  async end(): Promise<{ exitCode: number | undefined; shown: string }> {
    const { exitCode } = finished(await this.child);
    await this.screen.settled();
    return { exitCode, shown: this.shown };
  }
}

/** Runs the program where no terminal can be reached, whoever runs the tests. */
export async function runWithoutTerminal(
  { place }: Pick<World, 'place'>,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const options = { ...place, env: { ...place.env, ...env } };
  return finished(await launch('setsid', ['-w', process.execPath, mainPath, ...args], options));
}
