import type { Command } from '../command.js';
import { globalOptions } from '../global-options.js';
import type { OptionDefinitions } from '../option.js';
import { textOf, type Word } from './words.js';

/** What a command is also called: by other programs, and by the original one. */
const otherNames: Readonly<Record<string, string>> = {
  bye: 'exit',
  delete: 'rm',
  dir: 'ls',
  hlist: 'commands',
  list: 'ls',
  put: 'send',
  quit: 'exit',
  rename: 'mv',
};

/**
 * @param word - what was typed for a command
 * @returns the name of the command, if it is one
 */
export function commandNameOf(word: string): string {
  const name = word.toLowerCase();
  return Object.hasOwn(otherNames, name) ? (otherNames[name] ?? name) : name;
}

/**
 * @param commands - the commands that there are
 * @returns everything that can be typed for one
 */
export function commandWords(commands: readonly Command[]): readonly string[] {
  const names = new Set(commands.map(({ name }) => name));
  const others = Object.entries(otherNames).filter(([, name]) => names.has(name));
  return [...names, ...others.map(([word]) => word)].sort();
}

/** The words behind a command. */
export interface SortedWords {
  readonly options: readonly Word[];
  readonly args: readonly Word[];
  /** The long names of the options. */
  readonly given: ReadonlySet<string>;
  /** The option whose value comes next. */
  readonly awaited: string | undefined;
  /** Whether nothing is an option any more. */
  readonly isPastOptions: boolean;
}

/**
 * @param command - the command
 * @param words - what stands behind it
 * @returns which of them are options, with their values, and which are arguments
 */
export function sortWords(
  { options }: Pick<Command, 'options'>,
  words: Iterable<Word>,
): SortedWords {
  const definitions: OptionDefinitions = { ...globalOptions, ...options };
  const sorted = { options: [] as Word[], args: [] as Word[] };
  const given = new Set<string>();
  let awaited: string | undefined;
  let isPastOptions = false;
  for (const word of words) {
    const text = textOf(word);
    if (awaited !== undefined) {
      sorted.options.push(word);
      awaited = undefined;
    } else if (isPastOptions || !text.startsWith('-') || text === '-') {
      sorted.args.push(word);
    } else if (text === '--') {
      isPastOptions = true;
    } else {
      sorted.options.push(word);
      const name = optionNameOf(text, definitions);
      if (name === undefined) continue;
      given.add(name);
      if (definitions[name]?.type !== 'boolean' && !text.includes('=')) awaited = name;
    }
  }
  return { ...sorted, given, awaited, isPastOptions };
}

/** Of several letters behind one dash, only the last can have a value. */
function optionNameOf(text: string, definitions: OptionDefinitions): string | undefined {
  const [, long] = /^--([^=]+)/u.exec(text) ?? [];
  if (long !== undefined) return Object.hasOwn(definitions, long) ? long : undefined;
  const letter = text.at(-1);
  return Object.entries(definitions).find(([, { alias }]) => alias === letter)?.[0];
}
