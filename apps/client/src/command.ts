import type { Readable } from 'node:stream';

import type { RemoteName } from '@e2eeftp/client';

import type { ExitCode } from './exit-code.js';
import { UsageError } from './failure.js';
import { globalOptions, type GlobalOptions } from './global-options.js';
import type { Interruption } from './interruption.js';
import { readOptions, type OptionDefinitions, type OptionValues } from './option.js';
import { Output } from './output.js';
import type { ServerAccess } from './server-access.js';

/** What a command gets, besides its own options. */
export interface Invocation {
  /** What stood behind the command. */
  readonly args: readonly string[];
  readonly global: GlobalOptions;
  readonly output: Output;
  /** Says that the user has interrupted the command. */
  readonly signal: AbortSignal;
  /** For a command that runs others, and lets each be interrupted by itself. */
  readonly interruption: Interruption;
  readonly workspace: Workspace;
}

/** What a command works in: a run of the program for it alone, or a shell that it shares. */
export interface Workspace {
  /**
   * Lends a server for a task, as the command's options want it.
   *
   * @throws ClientError
   */
  withServer<Result>(
    invocation: Invocation,
    task: (server: ServerAccess) => Promise<Result>,
  ): Promise<Result>;
  /**
   * Says what is meant by a remote name; nothing is the folder to which names are relative.
   *
   * @throws ClientError `bad-name`
   */
  remoteName(text: string): RemoteName;
  /**
   * Standard input, for a command that reads a file from it.
   *
   * @throws UsageError when it is not the command's to read
   */
  standardInput(): Readable;
}

/** What the command line and the environment say. */
interface CommandLine {
  readonly args: readonly string[];
  readonly given: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly interruption: Interruption;
  readonly workspace: Workspace;
  /** The names of the commands that the first generation of the protocol knows. */
  readonly v1Commands: () => Promise<readonly string[]>;
  /** Hears how to tell of failures, as soon as the options are read. */
  readonly onOutput: (output: Output) => void;
}

/**
 * What an argument of a command names; `either` is remote if it has a prefix, and else local, and what a
 * `vault-argument` names depends on the action before it.
 */
export type ParameterKind =
  | 'command'
  | 'either'
  | 'local'
  | 'person'
  | 'remote'
  | 'role'
  | 'shell'
  | 'vault'
  | 'vault-action'
  | 'vault-argument';

interface CommandFacts<Options extends OptionDefinitions> {
  readonly name: string;
  /** Its arguments, for the help. */
  readonly usage: string;
  /** What words of the usage name, where the words do not say it. */
  readonly wordKinds?: Readonly<Record<string, ParameterKind>>;
  /** A sentence about it, for the help. */
  readonly summary: string;
  /** More about it, for its own help. */
  readonly details?: string;
  /** How many arguments it takes: at least and at most. */
  readonly arity: readonly [number, number];
  readonly options: Options;
}

/** Does a command; nothing returned means that all is well. */
type Run<Options extends OptionDefinitions> = (
  invocation: Invocation,
  options: OptionValues<Options>,
) => Promise<ExitCode | undefined>;

interface CommandDefinition<Options extends OptionDefinitions> extends CommandFacts<Options> {
  readonly run: Run<Options>;
  /** Does it over the first generation of the protocol, if that knows the command. */
  readonly runV1?: Run<Options>;
}

/** What is known of a command before it is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Whether the help is silent about it: it is for programs. */
  readonly isHidden?: boolean;
  readonly load: () => Promise<Command>;
}

/** A command of the program. */
export interface Command extends CommandFacts<OptionDefinitions> {
  /** Whether the first generation of the protocol knows it. */
  readonly knowsV1: boolean;
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
  const { name, arity, options, run, runV1 } = definition;
  return {
    ...definition,
    knowsV1: runV1 !== undefined,
    execute: async (line) => {
      const { args, given, environment, interruption, workspace, v1Commands, onOutput } = line;
      const global = readOptions(globalOptions, given, environment);
      const output = new Output(global);
      onOutput(output);
      const chosen = global.v1 ? runV1 : run;
      if (!chosen) {
        const known = await v1Commands();
        throw new UsageError(`--v1 does not know ${name}, only ${known.join(', ')}`);
      }
      const own = readOptions(options, given, environment);
      const [minimum, maximum] = arity;
      if (args.length < minimum) throw new UsageError('An argument is missing');
      if (args.length > maximum)
        throw new UsageError(`"${args[maximum]}" is one argument too many`);
      const { signal } = interruption;
      return chosen({ args, global, output, signal, interruption, workspace }, own);
    },
  };
}
