import { printable } from '@e2eeftp/client';

import type { Command } from '../command.js';
import { namesFor, type KnownPlaces } from '../completion/argument-names.js';
import { fixedWords } from '../completion/fixed-words.js';
import { globalOptions } from '../global-options.js';
import type { OptionDefinitions } from '../option.js';
import { commandNameOf, commandWords, sortWords } from './command-words.js';
import type { Name, Names } from './names.js';
import { kindsAt } from './parameters.js';
import { quoteText, scanLine, textOf, type Quote, type Word } from './words.js';

/** What can stand at the end of a line. */
export interface Completion {
  /** In the order of the alphabet, quoted, and with what ends them. */
  readonly candidates: readonly string[];
  /** The end of the line in place of which they stand. */
  readonly typed: string;
}

/** What lines are completed with. */
export interface CompletionSources extends KnownPlaces {
  readonly commands: readonly Command[];
}

/** More candidates than this are no help. */
const mostCandidates = 200;

const nothing: Completion = { candidates: [], typed: '' };

/**
 * Says how a line can go on.
 *
 * @param line - what stands before the cursor
 * @param sources - what there is
 * @param signal - ends the wait
 * @returns what can stand at its end
 */
export async function completeLine(
  line: string,
  { commands, ...places }: CompletionSources,
  signal: AbortSignal,
): Promise<Completion> {
  const { words, isInWord, open, isComment } = scanLine(line);
  if (isComment || open === '\\') return nothing;
  const current: Word = isInWord ? (words.at(-1) ?? []) : [];
  const [first, ...before] = isInWord ? words.slice(0, -1) : words;
  const plain = (candidates: readonly string[]): Completion => fromWords(candidates, current, line);
  if (!first) return plain(commandWords(commands));
  const name = commandNameOf(textOf(first));
  const command = commands.find((each) => each.name === name);
  if (!command) return nothing;
  const { args, awaited, isPastOptions } = sortWords(command, before);
  const options: OptionDefinitions = { ...globalOptions, ...command.options };
  if (awaited !== undefined) {
    const place = options[awaited]?.names;
    if (!place) return nothing;
    const names = namesFor(new Set([place]), textOf(current), [], places);
    return completeName(current, open, line, names, signal);
  }
  if (!isPastOptions && textOf(current).startsWith('-')) {
    return plain([...Object.keys(options), 'help'].map((option) => `--${option}`));
  }
  const kinds = kindsAt(command, args.length);
  if (kinds.has('command')) return plain(commandWords(commands));
  if (kinds.has('vault-action')) return plain(fixedWords['vault-action']);
  const names = namesFor(kinds, textOf(current), args.map(textOf), places);
  return completeName(current, open, line, names, signal);
}

function fromWords(words: readonly string[], current: Word, line: string): Completion {
  const start = current[0]?.start ?? line.length;
  const text = textOf(current).toLowerCase();
  const candidates = words.filter((word) => word.startsWith(text)).map((word) => `${word} `);
  return { candidates: candidates.sort(), typed: line.slice(start) };
}

async function completeName(
  current: Word,
  open: Quote,
  line: string,
  places: readonly Names[],
  signal: AbortSignal,
): Promise<Completion> {
  const text = textOf(current);
  const { folder, beginning } = splitName(text);
  const first = current[Array.from(folder).length];
  const quote = first ? first.quote : open;
  const candidates = new Set<string>();
  for (const names of places) {
    for (const name of await namesIn(names, folder, beginning, signal)) {
      candidates.add(written(name, quote, folder === '' && !first?.isQuoted));
    }
  }
  return {
    candidates: fewest([...candidates].sort()),
    typed: first ? line.slice(first.start) : '',
  };
}

/**
 * @param text - the beginning of a name
 * @returns the folder that it is in, and what is typed of the rest
 */
export function splitName(text: string): { folder: string; beginning: string } {
  const folder = /^(?:.*\/|[^/:]*:)/su.exec(text)?.[0] ?? '';
  return { folder, beginning: text.slice(folder.length) };
}

/**
 * Looks for names. What fails while somebody types is nothing to be told: the command will tell it.
 *
 * @param names - where to look
 * @param folder - in which folder
 * @param beginning - what the names begin with
 * @param signal - ends the wait
 * @returns those that were found until then, and can be shown
 */
export async function namesIn(
  names: Names,
  folder: string,
  beginning: string,
  signal: AbortSignal,
): Promise<Name[]> {
  const found: Name[] = [];
  try {
    for await (const name of names.in(folder, signal)) {
      const isHidden = name.name.startsWith('.') && !beginning.startsWith('.');
      // What cannot be shown as it is must not reach the terminal, nor mean something else there.
      const isHarmless = printable(name.name) === name.name;
      if (name.name.startsWith(beginning) && !isHidden && isHarmless) found.push(name);
    }
  } catch {
    return found;
  }
  return found;
}

function written(
  { name, isFolder, isPrefix = false }: Name,
  quote: Quote,
  isWordStart: boolean,
): string {
  if (isPrefix) return name;
  const isOther = isWordStart && /^-|^[^/]*:/u.test(name);
  const start = isOther ? './' : '';
  return start + quoteText(name, quote) + (isFolder ? '/' : `${quote} `);
}

/** Those that are left out lie between the others, so that all still have the same beginning. */
function fewest(candidates: readonly string[]): readonly string[] {
  if (candidates.length <= mostCandidates) return candidates;
  return [...candidates.slice(0, mostCandidates - 1), ...candidates.slice(-1)];
}
