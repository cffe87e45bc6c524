import yargs, { type Argv } from 'yargs';

import type { Command, CommandEntry } from './command.js';
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
  readonly commands: readonly CommandEntry[];
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
 * The commands are looked up here: one that yargs itself runs has its help laid out each time.
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
  const { _: begun, version } = await parse(makeParser(grammar), argv);
  if (grammar.version !== false && version === true) return undefined;
  const command = await grammar.commands.find(({ name }) => name === begun[0])?.load();
  const parser = makeParser(grammar).strictOptions();
  if (command) addOptions(parser, command.options);
  const given = await parse(parser, argv);
  const {
    _: [word, ...args],
    '--': rest = [],
  } = given;
  if (given['help'] === true) {
    process.stdout.write(`${await helpFor(command ? [command.name] : [], grammar)}\n`);
    return undefined;
  }
  if (!command) throw noCommand(word);
  return { command, args: [...args, ...rest].map(String), given };
}

/**
 * @param words - the name of a command, or nothing
 * @param grammar - what is understood
 * @returns the help of the command, or of all
 */
export async function helpFor(words: readonly string[], grammar: Grammar): Promise<string> {
  const parser = makeParser(grammar).epilogue(grammar.epilogue);
  for (const { name, summary, isHidden, load } of grammar.commands) {
    const build = async (own: Argv): Promise<void> => {
      const { usage, details, options } = await load();
      const text = [`$0 ${name} ${usage}`.trim(), `${summary}.`, details];
      own.usage(text.filter((part) => part !== undefined).join('\n\n'));
      addOptions(own, options, `Options of ${name}:`);
    };
    if (isHidden) parser.command(name, false, build);
    else parser.command(name, summary, build);
  }
  let help = '';
  await parser.help().parseAsync([...words, '--help'], {}, (_error, _given, text) => {
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

async function parse(parser: Argv, argv: readonly string[]): Promise<Given> {
  return parser.parseAsync([...argv]);
}

/** Reads what every command line may have. */
function makeParser({ scriptName, usage, version }: Grammar): Argv {
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
    .exitProcess(false)
    .fail((message: string | null, error?: Error) => {
      throw message === null && error ? error : new UsageError(message ?? '');
    })
    // What yargs does by itself takes a file that is called "help" for a question, too.
    .help(false)
    .option('help', { type: 'boolean', describe: 'Show help' });
  if (version === false) parser.version(false);
  else parser.version(version);
  addOptions(parser, globalOptions, 'Options of every command:');
  return parser;
}

function addOptions(parser: Argv, options: OptionDefinitions, group?: string): void {
  for (const [name, { type, describe, alias }] of Object.entries(options)) {
    const requiresArg = type !== 'boolean';
    // The others are read as they were written: 1e3 and 0x10 are numbers to a parser.
    const parsed = type === 'boolean' || type === 'number' ? type : 'string';
    parser.option(name, {
      type: parsed,
      describe,
      requiresArg,
      ...(group !== undefined && { group }),
      ...(alias && { alias }),
    });
  }
}
