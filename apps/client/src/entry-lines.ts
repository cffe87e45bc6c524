import type { Entry } from '@e2eeftp/client';

import { formatTime } from './quantities.js';

/** What is shown of something on the server. */
type Shown = Pick<Entry, 'mtime' | 'size' | 'type'> & { readonly path: string };

/** Columns for a size in bytes: ten terabytes fit. */
const sizeWidth = 14;

/**
 * @param entry - something on the server
 * @returns its name, with a `/` behind it when it is a folder
 */
export function shortLine({ path, type }: Shown): string {
  return type === 'directory' ? `${path}/` : path;
}

/**
 * @param entry - something on the server
 * @returns its size in bytes, its time, and its name
 */
export function longLine(entry: Shown): string {
  const size = entry.type === 'directory' ? '-' : String(entry.size);
  return `${size.padStart(sizeWidth)}  ${formatTime(entry.mtime)}  ${shortLine(entry)}`;
}
