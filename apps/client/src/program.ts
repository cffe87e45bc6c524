import { readFileSync } from 'node:fs';

import yargs, { type Argv } from 'yargs';

import type { Command } from './command.js';
import { commands } from './commands/commands.js';
import { exitCodes, type ExitCode } from './exit-code.js';
import { failureOf, isBrokenPipe, OutputClosedError, UsageError } from './failure.js';
import { globalOptions } from './global-options.js';
import { Interruption } from './interruption.js';
import type { OptionDefinitions } from './option.js';
import { Output } from './output.js';

const epilogue = `Every option can also be given as a variable: --no-clobber as E2EEFTP_NO_CLOBBER=1.
E2EEFTP_HOME is the folder with your identity, profiles and known servers.
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 no connection, 4 not trusted
or not allowed, 5 not found, 6 conflict, 7 integrity, 130 interrupted.`;

const v1Commands = commands.filter(({ knowsV1 }) => knowsV1).map(({ name }) => name);

/** Lines wider than this are hard to read, even where the terminal has room. */
const widestHelp = 100;

/**
 * Runs the program.
 *
 * @param argv - its arguments
 * @param environment - its variables
 * @returns its exit code
 */
export async function run(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ExitCode> {
  const interruption = new Interruption();
  let output = new Output({ json: false, quiet: false, verbose: false });
  let exitCode: ExitCode = exitCodes.done;
  const parser = parserFor(async (command, given) => {
    const {
      _: [, ...args],
      '--': rest = [],
    } = given;
    const onOutput = (wanted: Output): void => {
      output = wanted;
    };
    const all = [...args, ...rest].map(String);
    const { signal } = interruption;
    const line = { args: all, given, environment, signal, v1Commands, onOutput };
    exitCode = (await command.execute(line)) ?? exitCodes.done;
  });
  try {
    await parser.parseAsync(argv);
  } catch (error) {
    exitCode = await report(error, output, parser);
  }
  output.endProgress();
  // The server, or a disk, may still have something open that nobody waits for any more.
  if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
  interruption.stop();
  return exitCode;
}

interface ParsedLine extends Record<string, unknown> {
  readonly _: readonly unknown[];
  readonly '--'?: readonly unknown[];
}

function parserFor(execute: (command: Command, given: ParsedLine) => Promise<void>): Argv {
  const parser = yargs()
    .scriptName('e2eeftp')
    .usage('$0 COMMAND\n\nSends files to a server and gets them back, end-to-end encrypted.')
    .detectLocale(false)
    .version(version())
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-positional-numbers': false,
      // Yargs takes a name such as "-" or "--json" behind "--" for an option if it is to place it.
      'populate--': true,
    })
    .wrap(Math.min(widestHelp, process.stdout.columns || widestHelp))
    .epilogue(epilogue)
    .exitProcess(false)
    .strictOptions()
    .fail((message: string | null, error?: Error) => {
      // What a command threw comes without a message; all else is about the command line.
      throw message === null && error ? error : new UsageError(message ?? '');
    });
  addOptions(parser, globalOptions, 'Options of every command:');
  for (const command of commands) {
    const { name, usage, summary, details, options } = command;
    parser.command(
      name,
      summary,
      (own) => {
        const text = [`$0 ${name} ${usage}`.trimEnd(), `${summary}.`, details];
        own.usage(text.filter((part) => part !== undefined).join('\n\n'));
        addOptions(own, options, `Options of ${name}:`);
      },
      (given) => execute(command, given),
    );
  }
  return parser.command('$0', false, {}, ({ _: [word] }) => {
    throw new UsageError(
      word === undefined ? 'A command is missing' : `There is no command "${String(word)}"`,
    );
  });
}

function addOptions(parser: Argv, options: OptionDefinitions, group: string): void {
  for (const [name, { type, describe, alias }] of Object.entries(options)) {
    const requiresArg = type !== 'boolean';
    // The others are read as they were written: 1e3 and 0x10 are numbers to a parser.
    const parsed = type === 'boolean' || type === 'number' ? type : 'string';
    parser.option(name, { type: parsed, describe, group, requiresArg, ...(alias && { alias }) });
  }
}

async function report(error: unknown, output: Output, parser: Argv): Promise<ExitCode> {
  if (error instanceof OutputClosedError) return exitCodes.done;
  // A file that was not written whole is a failure, though whoever ended the pipe knows it.
  if (isBrokenPipe(error)) return exitCodes.failed;
  const failure = failureOf(error);
  if (error instanceof UsageError) output.note(`${await parser.getHelp()}\n`);
  await output.failure(failure);
  return failure.exitCode;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
