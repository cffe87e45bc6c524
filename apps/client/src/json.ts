import { printable } from '@e2eeftp/client';

/**
 * Writes an object as one line of JSON that is harmless at a terminal, too: JSON itself escapes
 * control characters below U+0020; what else could move a cursor or turn text around is escaped
 * here. A program that parses the line gets the text as it was.
 *
 * @param value - anything that JSON can say
 * @returns one line, without its end
 */
export function toJsonLine(value: object): string {
  return JSON.stringify(value).replaceAll(/[^ -~]/gu, (character) =>
    printable(character) === character ? character : escapeCharacter(character),
  );
}

function escapeCharacter(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
