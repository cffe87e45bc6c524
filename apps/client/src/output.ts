import type { Writable } from 'node:stream';

import { printable } from '@e2eeftp/client';

import { colorsFor, type Colors } from './colors.js';
import { isBrokenPipe, OutputClosedError, type Failure } from './failure.js';
import { toJsonLine } from './json.js';
import { StatusArea, type Room } from './status-area.js';

/** The width of a terminal that does not say. */
const usualColumns = 80;

/** What the user wants to see. */
export interface OutputOptions {
  /** One JSON object a line in place of text for people. */
  readonly json: boolean;
  /** Nothing but results and failures. */
  readonly quiet: boolean;
  /** Details, too. */
  readonly verbose: boolean;
}

/** What a line of JSON says; `type` says what it is about. */
export type JsonFields = Readonly<Record<string, unknown>> & { readonly type: string };

/** How lists look where results are shown. */
export interface Look {
  /** The width of the terminal; nothing where there is none. */
  readonly columns: number | undefined;
  readonly colors: Colors;
}

/**
 * Everything that the program says. Results go to standard output; what is said meanwhile goes to
 * standard error. Text for people passes through `printable` here, so that no name from a server
 * can control the terminal.
 */
export class Output {
  readonly #options: OutputOptions;
  #status: StatusArea | undefined;
  readonly #colors = colorsFor(process.stderr);
  #results: Writable = process.stdout;

  /** @param options - what the user wants to see */
  constructor(options: OutputOptions) {
    this.#options = options;
    const { isTTY } = process.stderr;
    const isWatched = isTTY && process.env['TERM'] !== 'dumb' && !options.quiet && !options.json;
    this.#status = isWatched ? new StatusArea(process.stderr) : undefined;
    for (const stream of [process.stdout, process.stderr]) {
      if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
    }
  }

  /** Whether somebody sees what {@link Output.progress} shows. */
  get isWatched(): boolean {
    return this.#status !== undefined;
  }

  /** Standard output will carry a file: whatever else is to be said goes to standard error. */
  reserveStandardOutput(): void {
    this.#results = process.stderr;
    // What the file says at a terminal, nobody may overwrite.
    if (process.stdout.isTTY) this.#status = undefined;
  }

  /**
   * Gives a result.
   *
   * @param fields - it, for programs
   * @param lines - it, for people
   * @throws OutputClosedError when nobody reads it
   */
  async result(fields: JsonFields, lines: readonly string[]): Promise<void> {
    this.#status?.clear();
    if (this.#options.json) await write(this.#results, `${toJsonLine(fields)}\n`);
    else await write(this.#results, asLines(lines));
  }

  /**
   * Gives results that are shown together.
   *
   * @param fields - each, for programs
   * @param lines - all of them, for people; ready for the terminal: who makes them passes text
   *   through `printable`
   * @throws OutputClosedError when nobody reads them
   */
  async results(
    fields: readonly JsonFields[],
    lines: (look: Look) => readonly string[],
  ): Promise<void> {
    this.#status?.clear();
    const { isTTY, columns } = process.stdout;
    const shown = this.#options.json
      ? fields.map(toJsonLine)
      : lines({
          columns: isTTY ? columns || usualColumns : undefined,
          colors: colorsFor(process.stdout),
        });
    await write(this.#results, shown.map((line) => `${line}\n`).join(''));
  }

  /**
   * Tells of something that was done. What is done goes on when nobody listens.
   *
   * @param fields - it, for programs
   * @param text - it, for people who want to know, if there is something to say
   */
  async event(fields: JsonFields, text: string | undefined): Promise<void> {
    if (this.#options.json) await this.#tell(fields);
    else if (text !== undefined) this.note(text);
  }

  /**
   * Tells of one of many things that were done: people have to ask for it.
   *
   * @param fields - it, for programs
   * @param text - says it for people
   */
  async fact(fields: JsonFields, text: () => string): Promise<void> {
    if (this.#options.json) await this.#tell(fields);
    else if (this.#options.verbose) this.#say(text());
  }

  /** @param text - something that people may want to know, on one line or several */
  note(text: string): void {
    if (!this.#options.quiet && !this.#options.json) this.#say(text);
  }

  /** @param text - something that only who looks for a cause wants to know */
  detail(text: string): void {
    if (this.#options.verbose) this.#say(text);
  }

  /** @param lines - makes what is shown for a moment, how far something is: printable text */
  progress(lines: (room: Room) => readonly string[]): void {
    this.#status?.show(lines);
  }

  /** Ends what {@link progress} shows. */
  endProgress(): void {
    this.#status?.end();
  }

  /**
   * @param failure - what went wrong
   * @param fields - what else programs may want to know of it
   */
  async failure(failure: Failure, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { code, message, exitCode } = failure;
    if (this.#options.json) {
      try {
        await this.#tell({ type: 'error', code, message, exitCode, ...fields });
        return;
      } catch {
        // Where nothing can be written, only a person can still be told.
      }
    }
    const [first = '', ...rest] = message.split('\n');
    this.#say([`${this.#colors.red('e2eeftp:')} ${printable(first)}`, ...rest].join('\n'), 1);
  }

  async #tell(fields: JsonFields): Promise<void> {
    try {
      await write(this.#results, `${toJsonLine(fields)}\n`);
    } catch (error) {
      if (!(error instanceof OutputClosedError)) throw error;
    }
  }

  /** The first lines can be ready for the terminal already. */
  #say(text: string, readyLines = 0): void {
    const lines = text.split('\n');
    const ready = lines.slice(0, readyLines).map((line) => `${line}\n`);
    const shown = ready.join('') + asLines(lines.slice(readyLines));
    if (this.#status) this.#status.write(shown);
    else process.stderr.write(shown);
  }
}

/** Each write hears of its own failure; nobody has to be told that nobody listens. */
function ignore(): void {
  // Nothing is to be done.
}

function asLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('');
}

async function write(stream: Writable, text: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      stream.write(text, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  } catch (cause) {
    if (!isBrokenPipe(cause)) throw cause;
    throw new OutputClosedError('Nobody reads the output', { cause });
  }
}
