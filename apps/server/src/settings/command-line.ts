const blank = /\s/u;

/**
 * Splits a command as a shell would, and does nothing else that a shell does: there are no
 * variables, no patterns, no pipes, and nothing that could be run besides the program.
 *
 * Words are parted by blanks. Between `'…'` all is as it stands; between `"…"`, and outside of
 * quotes, a backslash makes the next character stand for itself.
 *
 * @param text - the command
 * @returns its words, or `undefined` when a quote is not closed or the last backslash has nothing
 *   behind it
 */
export function splitCommandLine(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  let isEscaped = false;
  for (const character of text) {
    if (isEscaped) {
      word = (word ?? '') + character;
      isEscaped = false;
    } else if (character === '\\' && quote !== "'") {
      isEscaped = true;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (!blank.test(character)) {
      word = (word ?? '') + character;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (isEscaped || quote !== '') return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
