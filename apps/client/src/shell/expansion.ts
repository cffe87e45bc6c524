import { ClientError } from '@e2eeftp/client';

import type { Command, ParameterKind } from '../command.js';
import { UsageError } from '../failure.js';
import { standardStream } from '../local-name.js';
import { sortWords } from './command-words.js';
import { expandHome } from './home-folder.js';
import type { Names } from './names.js';
import { parametersFor, parametersOf } from './parameters.js';
import { patternOf, type PathPart } from './pattern.js';
import { textOf, type Word } from './words.js';

/** More names than this in place of one pattern are more likely a mistake than meant. */
const mostMatches = 100_000;

/** Where the names are that patterns stand for. */
export type NamePlaces = Readonly<Record<'local' | 'remote', Names>>;

/**
 * Puts names in place of patterns, and the user's folder in place of `~`. A command that takes one
 * name where there are several is done for each of them.
 *
 * @param command - the command
 * @param words - what stands behind it
 * @param places - where to look for names
 * @param signal - ends the wait
 * @returns what to put behind the command, once for each time that it is to be done
 * @throws ClientError `not-found` when there is no name that a pattern means
 */
export async function expandWords(
  command: Command,
  words: readonly Word[],
  places: NamePlaces,
  signal: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  const { options, args, given } = sortWords(command, words);
  const last = args.at(-1);
  // A pattern says what is to be moved, and not where it goes.
  const endsInPattern = last !== undefined && patternOf(last) !== undefined;
  const isAllRepeated = given.has('to') || endsInPattern;
  const parameters = parametersFor(command, args.length, isAllRepeated);
  let lines: string[][] = [[]];
  for (const [index, word] of args.entries()) {
    const { kind, isRepeated = false } = parameters[index] ?? {};
    const texts = await expandWord(word, kind, places, signal);
    const isForEach = lines.length > 1;
    if (isRepeated) {
      for (const line of lines) line.push(...texts);
    } else if (texts.length === 1) {
      for (const line of lines) line.push(...(isForEach ? texts.map(asFolder) : texts));
    } else if (isForEach) {
      throw new UsageError('Several names match one pattern, and several another');
    } else {
      lines = texts.map((text) => [...(lines[0] ?? []), text]);
    }
  }
  const isGoingSomewhere = parametersOf(command).at(-1)?.isRepeated === false;
  const isHere = endsInPattern && isGoingSomewhere && parameters.at(-1)?.isRepeated === true;
  const before = options.map(textOf);
  const behind = isHere && !given.has('to') ? ['.'] : [];
  return lines.map((line) => [...before, '--', ...line, ...behind]);
}

/** What several things go to. */
function asFolder(text: string): string {
  return text === standardStream || text.endsWith('/') ? text : `${text}/`;
}

async function expandWord(
  word: Word,
  kind: ParameterKind | undefined,
  places: NamePlaces,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const place = kind === 'either' ? placeOf(textOf(word)) : kind;
  if (place !== 'local' && place !== 'remote') return [textOf(word)];
  const [prefix, rest] = place === 'remote' ? splitPrefix(word) : splitHome(word);
  const parts = patternOf(rest);
  if (!parts) return [prefix + textOf(rest)];
  const matches: string[] = [];
  for await (const match of walk(prefix, parts, places[place], signal)) {
    matches.push(match);
    if (matches.length > mostMatches) throw new UsageError(`Too many names match ${textOf(word)}`);
  }
  if (matches.length > 0) return prefix === '' ? matches.sort().map(asArgument) : matches.sort();
  throw new ClientError('not-found', `No name matches ${textOf(word)}`);
}

/**
 * @param text - a name that can be a local one or one on the server
 * @returns where it is: only a prefix tells one from the other
 */
export function placeOf(text: string): 'local' | 'remote' {
  return /^[^/\\:]*:/u.test(text) ? 'remote' : 'local';
}

/** A prefix is no part of a name. */
function splitPrefix(word: Word): [prefix: string, rest: Word] {
  const [prefix = ''] = /^[^/:]*:/u.exec(textOf(word)) ?? [];
  return [prefix, word.slice(Array.from(prefix).length)];
}

function splitHome(word: Word): [home: string, rest: Word] {
  const [first, second] = word;
  const isHome =
    first?.character === '~' && !first.isQuoted && (!second || second.character === '/');
  return isHome ? [expandHome('~'), word.slice(1)] : ['', word];
}

/** A name that others chose is no standard stream, and none that begins with a prefix. */
function asArgument(name: string): string {
  return /^-|^[^/]*:/u.test(name) ? `./${name}` : name;
}

async function* walk(
  base: string,
  [part, ...rest]: readonly PathPart[],
  names: Names,
  signal: AbortSignal,
  isFound = false,
): AsyncGenerator<string, void, void> {
  if (!part) return;
  const end = rest.length > 0 ? '/' : '';
  const isKnown = part.type === 'name' && (!isFound || part.text === '');
  if (isKnown) {
    const path = base + part.text + end;
    if (end === '') yield path;
    else yield* walk(path, rest, names, signal, isFound);
    return;
  }
  for await (const { name, isFolder } of names.in(base, signal)) {
    const isMeant = part.type === 'name' ? part.text === name : part.matches(name);
    if (!isMeant || (end !== '' && !isFolder)) continue;
    if (end === '') yield base + name;
    else yield* walk(`${base}${name}/`, rest, names, signal, true);
  }
}
