import yargs, { type Argv } from 'yargs';

import type { Command } from './command.js';
import { UsageError } from './failure.js';
import { globalOptions } from './global-options.js';
import type { OptionDefinitions } from './option.js';

/** Lines wider than this are hard to read, even where the terminal has room. */
const widestHelp = 100;

/** What a command line is read by. */
export interface Grammar {
  /** What stands before the command; nothing in a shell. */
  readonly scriptName: string;
  readonly usage: string;
  readonly commands: readonly Command[];
  readonly epilogue: string;
  /** What `--version` says, where there is such an option. */
  readonly version: string | false;
}

/** A command line that was understood. */
export interface ParsedLine {
  readonly command: Command;
  readonly args: readonly string[];
  /** What stood there as options. */
  readonly given: Readonly<Record<string, unknown>>;
}

/**
 * Reads a command line; help and the version are shown if they are asked for.
 *
 * @param argv - its words
 * @param grammar - what is understood
 * @returns what is to be done; nothing when that was to show something
 * @throws UsageError
 */
export async function parseCommandLine(
  argv: readonly string[],
  grammar: Grammar,
): Promise<ParsedLine | undefined> {
  const seen: { line?: ParsedLine; isHelpWanted?: boolean } = {};
  const parser = makeParser(grammar, (command, given) => {
    const {
      _: [word, ...args],
      '--': rest = [],
    } = given;
    seen.isHelpWanted = given['help'] === true;
    if (command) seen.line = { command, args: [...args, ...rest].map(String), given };
    else if (!seen.isHelpWanted) throw noCommand(word);
  });
  // What yargs does by itself takes a file that is called "help" for a question, too.
  parser.help(false).option('help', { type: 'boolean', describe: 'Show help' });
  await parser.parseAsync(argv);
  const { line, isHelpWanted } = seen;
  if (!isHelpWanted) return line;
  process.stdout.write(`${await helpFor(line ? [line.command.name] : [], grammar)}\n`);
  return undefined;
}

/**
 * @param words - the name of a command, or nothing
 * @param grammar - what is understood
 * @returns the help of the command, or of all
 */
export async function helpFor(words: readonly string[], grammar: Grammar): Promise<string> {
  const parser = makeParser(grammar, () => undefined);
  let help = '';
  await parser.parseAsync([...words, '--help'], {}, (_error, _given, text) => {
    help = text;
  });
  return help;
}

function noCommand(word: unknown): UsageError {
  const isMissing = word === undefined;
  return new UsageError(
    isMissing ? 'A command is missing' : `There is no command ${JSON.stringify(word)}`,
  );
}

interface Given extends Record<string, unknown> {
  readonly _: readonly unknown[];
  readonly '--'?: readonly unknown[];
}

function makeParser(
  { scriptName, usage, commands, epilogue, version }: Grammar,
  onLine: (command: Command | undefined, given: Given) => void,
): Argv {
  const parser = yargs()
    .scriptName(scriptName)
    .usage(usage)
    .detectLocale(false)
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
  if (version === false) parser.version(false);
  else parser.version(version);
  addOptions(parser, globalOptions, 'Options of every command:');
  for (const command of commands) {
    const { name, usage: ownUsage, summary, details, options, isHidden } = command;
    const build = (own: Argv): void => {
      const text = [`$0 ${name} ${ownUsage}`.trim(), `${summary}.`, details];
      own.usage(text.filter((part) => part !== undefined).join('\n\n'));
      addOptions(own, options, `Options of ${name}:`);
    };
    const handle = (given: Given): void => {
      onLine(command, given);
    };
    if (isHidden) parser.command(name, false, build, handle);
    else parser.command(name, summary, build, handle);
  }
  return parser.command('$0', false, {}, (given) => {
    onLine(undefined, given);
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
