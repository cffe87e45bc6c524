import { printable, type Entry } from '@e2eeftp/client';

import type { Look } from './output.js';
import { formatSize, formatTime } from './quantities.js';
import { widthOf } from './text-width.js';

/** What is shown of something on the server. */
export type Shown = Pick<Entry, 'mtime' | 'size' | 'type'> & { readonly path: string };

/** Blanks between two columns of names. */
const gap = 2;

/**
 * @param entries - what is listed
 * @param look - how lists look where it is shown
 * @param human - whether sizes are rounded
 * @returns a line for each, the sizes below each other, ready for the terminal
 */
export function longLines(
  entries: readonly Shown[],
  look: Look,
  human: boolean,
): readonly string[] {
  const sizes = entries.map((entry) => sizeText(entry, human));
  const width = sizes.reduce((widest, { length }) => Math.max(widest, length), 0);
  return entries.map((entry, index) => {
    const size = (sizes[index] ?? '').padStart(width);
    return `${size}  ${formatTime(entry.mtime)}  ${nameOf(entry, look)}`;
  });
}

/**
 * @param entries - what is listed
 * @param look - how lists look where it is shown
 * @returns the names, ready for the terminal: below each other in as many columns as fit, or one a
 *   line where there is no terminal
 */
export function shortLines(entries: readonly Shown[], look: Look): readonly string[] {
  const names = entries.map((entry) => nameOf(entry, look));
  if (look.columns === undefined) return names;
  const widths = entries.map(
    ({ path, type }) => widthOf(printable(path)) + (type === 'directory' ? 1 : 0),
  );
  const { rows, columns } = layOut(widths, look.columns);
  return Array.from({ length: rows }, (_, row) =>
    columns
      .map((width, column) => {
        const index = column * rows + row;
        const name = names[index] ?? '';
        const isLast = index + rows >= names.length;
        return isLast ? name : name + ' '.repeat(width + gap - (widths[index] ?? 0));
      })
      .join(''),
  );
}

/** Finds as few rows as possible, filled column by column. */
function layOut(
  widths: readonly number[],
  available: number,
): { rows: number; columns: readonly number[] } {
  const most = Math.max(1, Math.min(widths.length, Math.floor(available / gap)));
  for (let count = most; count > 1; count--) {
    const rows = Math.ceil(widths.length / count);
    const columns = columnWidths(widths, rows);
    const needed = columns.reduce((sum, width) => sum + width + gap, -gap);
    if (needed <= available) return { rows, columns };
  }
  return { rows: widths.length, columns: columnWidths(widths, widths.length) };
}

function columnWidths(widths: readonly number[], rows: number): number[] {
  const columns: number[] = [];
  for (const [index, width] of widths.entries()) {
    const column = Math.floor(index / rows);
    columns[column] = Math.max(columns[column] ?? 0, width);
  }
  return columns;
}

function sizeText({ type, size }: Shown, human: boolean): string {
  if (type === 'directory') return '-';
  return human ? formatSize(size) : String(size);
}

/** A folder has a `/` behind its name. */
function nameOf({ path, type }: Shown, { colors }: Look): string {
  const name = printable(path);
  return type === 'directory' ? `${colors.bold(colors.blue(name))}/` : name;
}
