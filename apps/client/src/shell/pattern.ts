import { textOf, type Glyph, type Word } from './words.js';

/** Says whether one character is meant. */
type Unit = '*' | ((character: string) => boolean);

/** A part of a path: a name, or a pattern of names. */
export type PathPart =
  | { readonly type: 'name'; readonly text: string }
  | { readonly type: 'pattern'; readonly matches: (name: string) => boolean };

/**
 * Reads a word as a path with patterns, as a POSIX shell does: `*` is anything, `?` one character,
 * `[a-z]` one of these and `[!a-z]` one of the others; none of them matches `/`, or a dot at the
 * beginning of a name.
 *
 * @param word - the word
 * @returns its parts between slashes; nothing when there is no pattern in it
 */
export function patternOf(word: Word): readonly PathPart[] | undefined {
  const parts = splitAtSlashes(word).map(partOf);
  return parts.some(({ type }) => type === 'pattern') ? parts : undefined;
}

function splitAtSlashes(word: Word): Glyph[][] {
  const parts: Glyph[][] = [[]];
  for (const glyph of word) {
    if (glyph.character === '/') parts.push([]);
    else parts.at(-1)?.push(glyph);
  }
  return parts;
}

function partOf(glyphs: Word): PathPart {
  const units: Unit[] = [];
  let isPattern = false;
  for (let index = 0; index < glyphs.length; index++) {
    const { character, isQuoted } = glyphs[index] as Glyph;
    const set = !isQuoted && character === '[' ? readSet(glyphs, index + 1) : undefined;
    if (set) {
      units.push(set.includes);
      index = set.end;
    } else if (!isQuoted && character === '*') {
      units.push('*');
    } else if (!isQuoted && character === '?') {
      units.push(() => true);
    } else {
      units.push((other) => other === character);
      continue;
    }
    isPattern = true;
  }
  const text = textOf(glyphs);
  if (!isPattern) return { type: 'name', text };
  const isForHidden = text.startsWith('.');
  const matches = (name: string): boolean =>
    (isForHidden || !name.startsWith('.')) && matchUnits(units, Array.from(name));
  return { type: 'pattern', matches };
}

interface CharacterSet {
  readonly includes: (character: string) => boolean;
  /** Where the closing bracket is. */
  readonly end: number;
}

/** A bracket that is not closed is a character like others. */
function readSet(glyphs: Word, start: number): CharacterSet | undefined {
  const isNegated = ['!', '^'].includes(glyphs[start]?.character ?? '');
  const first = isNegated ? start + 1 : start;
  const end = glyphs.findIndex(
    ({ character, isQuoted }, index) => index > first && character === ']' && !isQuoted,
  );
  if (end === -1) return undefined;
  const members = glyphs.slice(first, end).map(({ character }) => character);
  const ranges: [from: string, to: string][] = [];
  for (let index = 0; index < members.length; index++) {
    const from = members[index] as string;
    const to = members[index + 1] === '-' ? members[index + 2] : undefined;
    ranges.push([from, to ?? from]);
    if (to !== undefined) index += 2;
  }
  const includes = (character: string): boolean =>
    ranges.some(([from, to]) => isBetween(character, from, to)) !== isNegated;
  return { includes, end };
}

function isBetween(character: string, from: string, to: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return code >= (from.codePointAt(0) ?? 0) && code <= (to.codePointAt(0) ?? 0);
}

/**
 * Goes back to the last star alone, so that a name that a server chose cannot make it take more
 * than its length times that of the pattern.
 */
function matchUnits(units: readonly Unit[], characters: readonly string[]): boolean {
  let unit = 0;
  let star = -1;
  let afterStar = 0;
  for (let index = 0; index < characters.length;) {
    const current = units[unit];
    if (current === '*') {
      star = unit++;
      afterStar = index;
    } else if (current?.(characters[index] as string)) {
      unit += 1;
      index += 1;
    } else if (star >= 0) {
      unit = star + 1;
      index = ++afterStar;
    } else {
      return false;
    }
  }
  return units.slice(unit).every((rest) => rest === '*');
}
