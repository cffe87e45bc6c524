import type { Command, ParameterKind } from '../command.js';
import { globalOptions } from '../global-options.js';
import type { OptionDefinitions } from '../option.js';
import { parametersOf } from '../shell/parameters.js';

/** What a completion script has to know of the program. */
export interface CompletionFacts {
  readonly commands: readonly CommandFacts[];
  readonly options: readonly OptionFacts[];
}

/** A command, as a script completes it. */
export interface CommandFacts {
  readonly name: string;
  readonly summary: string;
  /** Its own options. */
  readonly options: readonly OptionFacts[];
  /** What its arguments name; the last ones of several commands go on and on. */
  readonly args: readonly ArgumentFacts[];
}

/** An argument, as a script completes it. */
export interface ArgumentFacts {
  /** Its place, counted from 0. */
  readonly index: number;
  readonly isRepeated: boolean;
  readonly kind: ParameterKind | undefined;
}

/** An option, as a script completes it. */
export interface OptionFacts {
  readonly name: string;
  readonly letter: string | undefined;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly names: 'local' | 'remote' | undefined;
}

/**
 * @param commands - the commands of the program
 * @returns what a script has to know of them
 */
export function completionFacts(commands: readonly Command[]): CompletionFacts {
  const help = { help: { type: 'boolean', describe: 'Show help' } } as const;
  return {
    commands: commands.map((command) => ({
      name: command.name,
      summary: command.summary,
      options: optionFacts(command.options),
      args: argumentFacts(command),
    })),
    options: optionFacts({ ...globalOptions, ...help }),
  };
}

function optionFacts(options: OptionDefinitions): readonly OptionFacts[] {
  return Object.entries(options).map(([name, { alias, describe, type, names }]) => {
    return { name, letter: alias, summary: describe, takesValue: type !== 'boolean', names };
  });
}

/** Behind arguments that go on and on, nobody knows what comes; there are still more of them. */
function argumentFacts(command: Command): readonly ArgumentFacts[] {
  const facts: ArgumentFacts[] = [];
  for (const [index, parameter] of parametersOf(command).entries()) {
    facts.push({ index, ...parameter });
    if (parameter.isRepeated) break;
  }
  return facts;
}
