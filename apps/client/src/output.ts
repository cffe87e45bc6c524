import type { Writable } from 'node:stream';

import { printable } from '@e2eeftp/client';
import { createColors } from 'picocolors';

import { isBrokenPipe, OutputClosedError, type Failure } from './failure.js';
import { toJsonLine } from './json.js';
import { StatusLine } from './status-line.js';

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

/**
 * Everything that the program says. Results go to standard output; what is said meanwhile goes to
 * standard error. Text for people passes through `printable` here, so that no name from a server
 * can control the terminal.
 */
export class Output {
  readonly #options: OutputOptions;
  readonly #status: StatusLine | undefined;
  readonly #colors = createColors(process.stderr.isTTY && process.env['NO_COLOR'] === undefined);
  #results: Writable = process.stdout;

  /** @param options - what the user wants to see */
  constructor(options: OutputOptions) {
    this.#options = options;
    const isWatched = process.stderr.isTTY && !options.quiet && !options.json;
    this.#status = isWatched ? new StatusLine(process.stderr) : undefined;
    // Each write hears of its own failure; nobody has to be told that nobody listens.
    process.stdout.on('error', () => undefined);
    process.stderr.on('error', () => undefined);
  }

  /** Whether somebody sees what {@link Output.progress} shows. */
  get isWatched(): boolean {
    return this.#status !== undefined;
  }

  /** Standard output will carry a file: whatever else is to be said goes to standard error. */
  reserveStandardOutput(): void {
    this.#results = process.stderr;
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
   * @param text - it, for people
   */
  async fact(fields: JsonFields, text: string): Promise<void> {
    if (this.#options.json) await this.#tell(fields);
    else this.detail(text);
  }

  /** @param text - something that people may want to know, on one line or several */
  note(text: string): void {
    if (!this.#options.quiet && !this.#options.json) this.#say(text);
  }

  /** @param text - something that only who looks for a cause wants to know */
  detail(text: string): void {
    if (this.#options.verbose) this.#say(text);
  }

  /** @param text - makes what is shown for a moment, how far something is */
  progress(text: () => string): void {
    this.#status?.show(() => printable(text()));
  }

  /** Ends what {@link progress} shows. */
  endProgress(): void {
    this.#status?.clear();
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
    this.#status?.clear();
    const lines = text.split('\n');
    const ready = lines.slice(0, readyLines).map((line) => `${line}\n`);
    process.stderr.write(ready.join('') + asLines(lines.slice(readyLines)));
  }
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
