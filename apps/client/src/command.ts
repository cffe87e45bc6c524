import type { ExitCode } from './exit-code.js';
import { UsageError } from './failure.js';
import { globalOptions, type GlobalOptions } from './global-options.js';
import { readOptions, type OptionDefinitions, type OptionValues } from './option.js';
import { Output } from './output.js';

/** What a command gets, besides its own options. */
export interface Invocation {
  /** What stood behind the command. */
  readonly args: readonly string[];
  readonly global: GlobalOptions;
  readonly output: Output;
  /** Says that the user has interrupted the program. */
  readonly signal: AbortSignal;
}

/** What the command line and the environment say. */
interface CommandLine {
  readonly args: readonly string[];
  readonly given: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Hears how to tell of failures, as soon as the options are read. */
  readonly onOutput: (output: Output) => void;
}

interface CommandFacts<Options extends OptionDefinitions> {
  readonly name: string;
  /** Its arguments, for the help. */
  readonly usage: string;
  /** A sentence about it, for the help. */
  readonly summary: string;
  /** More about it, for its own help. */
  readonly details?: string;
  /** How many arguments it takes: at least and at most. */
  readonly arity: readonly [number, number];
  readonly options: Options;
}

interface CommandDefinition<Options extends OptionDefinitions> extends CommandFacts<Options> {
  /** Does it; nothing returned means that all is well. */
  run(invocation: Invocation, options: OptionValues<Options>): Promise<ExitCode | undefined>;
}

/** A command of the program. */
export interface Command extends CommandFacts<OptionDefinitions> {
  /** Checks the command line, and does it. */
  execute(line: CommandLine): Promise<ExitCode | undefined>;
}

/**
 * @param definition - a command, its options with the types of their values
 * @returns the command, for the table
 */
export function defineCommand<const Options extends OptionDefinitions>(
  definition: CommandDefinition<Options>,
): Command {
  const { arity, options } = definition;
  return {
    ...definition,
    execute: ({ args, given, environment, signal, onOutput }) => {
      const global = readOptions(globalOptions, given, environment);
      const output = new Output(global);
      onOutput(output);
      const own = readOptions(options, given, environment);
      const [minimum, maximum] = arity;
      if (args.length < minimum) throw new UsageError('An argument is missing');
      if (args.length > maximum)
        throw new UsageError(`"${args[maximum]}" is one argument too many`);
      return definition.run({ args, global, output, signal }, own);
    },
  };
}
