import stringWidth from 'string-width';

const ellipsis = '…';

/** Made when it is needed: the tables behind it take long to load. */
let segmenter: Intl.Segmenter | undefined;

function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/**
 * @param text - printable text of one line
 * @returns the columns that it takes at a terminal
 */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/**
 * @param text - printable text of one line
 * @param columns - how many it is to take
 * @returns it with blanks behind it; longer text stays as it is
 */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/**
 * @param text - printable text of one line
 * @param columns - the width of a terminal
 * @returns the rows that the terminal wraps it to; what is two columns wide is never cut in half
 */
export function rowsOf(text: string, columns: number): number {
  let rows = 1;
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    const width = widthOf(segment);
    used += width;
    if (used <= columns) continue;
    rows += 1;
    used = width;
  }
  return rows;
}

/**
 * Makes text fit. What is left out is in the middle, so that a name keeps its ending.
 *
 * @param text - printable text of one line
 * @param columns - how many it may take
 * @returns it, with `…` for what was left out
 */
export function shortened(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  const parts = Array.from(graphemesOf(text), ({ segment }) => segment);
  const behind = Math.floor((columns - 1) / 3);
  const tail = taken(parts.toReversed(), behind).reverse().join('');
  return taken(parts, columns - 1 - widthOf(tail)).join('') + ellipsis + tail;
}

function taken(parts: readonly string[], columns: number): string[] {
  let left = columns;
  const fitting: string[] = [];
  for (const part of parts) {
    left -= widthOf(part);
    if (left < 0) break;
    fitting.push(part);
  }
  return fitting;
}
