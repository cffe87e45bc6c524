import { helpFor, parseCommandLine, type Grammar, type ParsedLine } from '../command-line.js';
import { defineCommand, type Command, type Invocation } from '../command.js';
import { combineExitCodes, exitCodes, type ExitCode } from '../exit-code.js';
import { failureOf, isBrokenPipe, OutputClosedError, UsageError } from '../failure.js';
import { globalOptions } from '../global-options.js';
import type { Interruption } from '../interruption.js';
import { readOptions } from '../option.js';
import type { Output } from '../output.js';
import { commandNameOf } from './command-words.js';
import { expandWords, type NamePlaces } from './expansion.js';
import { folderCommands } from './folder-commands.js';
import { localNames } from './local-names.js';
import type { Names } from './names.js';
import { asGiven, type ShellWorkspace } from './shell-workspace.js';
import { splitWords, textOf, type Word } from './words.js';

/** What every line of a shell is run with. */
export interface LineRunnerOptions {
  /** The shell's. */
  readonly invocation: Invocation;
  readonly workspace: ShellWorkspace;
  /** The commands that are the program's, too. */
  readonly commands: readonly Command[];
}

/** Does what stands on the lines of a shell. */
export class LineRunner {
  /** Every command of the shell. */
  readonly commands: readonly Command[];
  /** Whether a line said that it was the last one. */
  isOver = false;
  readonly #invocation: Invocation;
  readonly #workspace: ShellWorkspace;
  readonly #grammar: Grammar;

  /** @param options - what every line is run with */
  constructor({ invocation, workspace, commands }: LineRunnerOptions) {
    this.#invocation = invocation;
    this.#workspace = workspace;
    this.commands = [...commands, ...folderCommands(workspace), ...this.#ownCommands()];
    this.#grammar = {
      scriptName: '',
      usage: 'COMMAND',
      commands: this.commands.map((command) => ({
        name: command.name,
        summary: command.summary,
        load: () => Promise.resolve(command),
      })),
      epilogue: `Words may be in any case; put, list, dir, delete, rename, hlist and quit are known, too.
Names are relative to the folder that cd and lcd go to; those with a "/" in front begin at the top.
"…", '…' and a backslash quote, and *, ? and [a-z] stand for names.`,
      version: false,
    };
  }

  /**
   * Runs a line. What fails is told, and no reason to throw.
   *
   * @param line - the line
   * @param interruption - ends it early
   * @returns its exit code
   * @throws OutputClosedError, or what else says that nobody reads the output any more
   */
  async run(line: string, interruption: Interruption): Promise<ExitCode> {
    const heard = { output: this.#invocation.output };
    try {
      const [first, ...words] = splitWords(line);
      if (!first) return exitCodes.done;
      return await this.#runWords(commandNameOf(textOf(first)), words, interruption, heard);
    } catch (error) {
      if (error instanceof OutputClosedError || isBrokenPipe(error)) throw error;
      const failure = failureOf(error);
      await heard.output.failure(failure);
      return failure.exitCode;
    } finally {
      heard.output.endProgress();
    }
  }

  async #runWords(
    name: string,
    words: readonly Word[],
    interruption: Interruption,
    heard: { output: Output },
  ): Promise<ExitCode> {
    // A command that is not there, or not called so, must not go to the server for patterns.
    const typed = await parseCommandLine([name, ...words.map(textOf)], this.#grammar);
    if (!typed) return exitCodes.done;
    const places = this.#placesFor(typed, interruption.signal, heard);
    const { signal } = interruption;
    const lines = await expandWords(typed.command, words, places, signal);
    const codes: ExitCode[] = [];
    for (const line of lines) {
      const parsed = await parseCommandLine([name, ...line], this.#grammar);
      if (parsed) codes.push(await this.#execute(parsed, interruption, heard));
      if (signal.aborted) break;
    }
    return combineExitCodes(codes);
  }

  async #execute(
    { command, args, given }: ParsedLine,
    interruption: Interruption,
    heard: { output: Output },
  ): Promise<ExitCode> {
    const v1Names = this.commands.filter(({ knowsV1 }) => knowsV1).map(({ name }) => name);
    const exitCode = await command.execute({
      args,
      given: this.#withShellOptions(given),
      environment: process.env,
      interruption,
      workspace: this.#workspace,
      v1Commands: () => Promise.resolve(v1Names),
      onOutput: (output) => {
        heard.output = output;
      },
    });
    return exitCode ?? exitCodes.done;
  }

  /** What was given for the shell is given for each line. */
  #withShellOptions(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return { ...asGiven(this.#invocation.global), ...given };
  }

  #placesFor(
    { given }: ParsedLine,
    signal: AbortSignal,
    { output }: { output: Output },
  ): NamePlaces {
    const global = readOptions(globalOptions, this.#withShellOptions(given), process.env);
    const workspace = this.#workspace;
    const remote: Names = {
      async *in(folder) {
        if (global.v1 || !workspace.isAt(global)) {
          throw new UsageError('Patterns are for names of the server that the shell is at');
        }
        for await (const { path, type } of workspace.list(folder, { output, signal })) {
          yield { name: path, isFolder: type === 'directory' };
        }
      },
    };
    return { local: localNames, remote };
  }

  #ownCommands(): readonly Command[] {
    const showHelp = async ({ args, output }: Invocation): Promise<undefined> => {
      const names = args.map(commandNameOf);
      const unknown = names.find((name) => !this.commands.some((each) => each.name === name));
      if (unknown !== undefined) throw new UsageError(`There is no command "${unknown}"`);
      const text = (await helpFor(names, this.#grammar)).trim();
      await output.result({ type: 'help', text }, text.split('\n'));
      return undefined;
    };
    const leave = (): Promise<undefined> => {
      this.isOver = true;
      return Promise.resolve(undefined);
    };
    return [
      defineCommand({
        name: 'help',
        usage: '[COMMAND]',
        summary: 'Show what there is, or how a command is used',
        arity: [0, 1],
        options: {},
        run: showHelp,
        runV1: showHelp,
      }),
      defineCommand({
        name: 'exit',
        usage: '',
        summary: 'Leave the shell, as Ctrl-D does',
        arity: [0, 0],
        options: {},
        run: leave,
        runV1: leave,
      }),
    ];
  }
}
