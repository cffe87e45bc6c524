import { UsageError } from '../failure.js';

/** What is open at a place of a line. */
export type Quote = '' | "'" | '"';

/** A character of a word. */
export interface Glyph {
  readonly character: string;
  /** Whether it stands for nothing but itself. */
  readonly isQuoted: boolean;
  /** Where in the line it begins, with the backslash before it. */
  readonly start: number;
  /** What is open there. */
  readonly quote: Quote;
}

/** A word of a command line. */
export type Word = readonly Glyph[];

/** A command line, perhaps one that is still being typed. */
export interface ScannedLine {
  readonly words: readonly Word[];
  /** Whether what is typed next belongs to the last word. */
  readonly isInWord: boolean;
  /** What is open at the end; a backslash, when it is the last character. */
  readonly open: Quote | '\\';
  readonly isComment: boolean;
}

const blank = /\s/u;

/** What a backslash takes its meaning from between double quotes. */
const escapable = /["\\$`]/u;

/**
 * Reads a line as a POSIX shell does, apart from expansions and operators: words are separated by
 * blanks; a backslash, `'…'` and `"…"` quote; `#` at the beginning of a word begins a comment.
 *
 * @param line - the line, or what is typed of it
 * @returns its words
 */
export function scanLine(line: string): ScannedLine {
  const words: Glyph[][] = [];
  let word: Glyph[] | undefined;
  let quote: Quote = '';
  let index = 0;
  const add = (character: string, start: number, isQuoted: boolean): void => {
    if (!word) words.push((word = []));
    word.push({ character, isQuoted, start, quote });
  };
  while (index < line.length) {
    const start = index;
    const character = characterAt(line, index);
    index += character.length;
    if (quote !== '') {
      if (character === quote) {
        quote = '';
      } else if (quote === '"' && character === '\\' && escapable.test(line.charAt(index))) {
        add(line.charAt(index), start, true);
        index += 1;
      } else {
        add(character, start, true);
      }
    } else if (character === '\\') {
      const escaped = characterAt(line, index);
      if (escaped === '') return { words, isInWord: true, open: '\\', isComment: false };
      add(escaped, start, true);
      index += escaped.length;
    } else if (character === "'" || character === '"') {
      // A word can be empty, if quotes say that it is there.
      if (!word) words.push((word = []));
      quote = character;
    } else if (blank.test(character)) {
      word = undefined;
    } else if (character === '#' && !word) {
      return { words, isInWord: false, open: '', isComment: true };
    } else {
      add(character, start, false);
    }
  }
  return { words, isInWord: word !== undefined, open: quote, isComment: false };
}

/**
 * @param line - a whole line
 * @returns its words
 * @throws UsageError when a quote is open at the end
 */
export function splitWords(line: string): readonly Word[] {
  const { words, open } = scanLine(line);
  if (open === '\\') throw new UsageError('The line ends in a backslash, which quotes nothing');
  if (open !== '') throw new UsageError(`The quote ${open} is not closed`);
  return words;
}

/**
 * @param word - a word
 * @returns what it says
 */
export function textOf(word: Word): string {
  return word.map(({ character }) => character).join('');
}

/**
 * Writes a text so that {@link scanLine} reads it, as a part of a word.
 *
 * @param text - the text
 * @param quote - what is open where it will stand
 * @returns it, with what has to be quoted
 */
export function quoteText(text: string, quote: Quote): string {
  if (quote === "'") return text.replaceAll("'", String.raw`'\''`);
  if (quote === '"') return text.replaceAll(/["\\$`]/gu, String.raw`\$&`);
  return text.replaceAll(/[\s"'\\*?[\]#~$`;|&<>(){}!]/gu, String.raw`\$&`);
}

function characterAt(line: string, index: number): string {
  const code = line.codePointAt(index);
  return code === undefined ? '' : String.fromCodePoint(code);
}
