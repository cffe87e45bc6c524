import * as z from 'zod';

import { ProtocolError } from '../errors.js';
import { limits } from '../limits.js';
import { parseRelativePath, type RemotePath } from '../path.js';

/** What a tree holds under a path. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- No interface is a CborMap.
export type Entry = {
  /** Relative to the listed folder in a listing, to the root in an answer to STAT. */
  path: RemotePath;
  type: 'file' | 'directory';
  /** Bytes; 0 for a folder. */
  size: number;
  /** Milliseconds since 1970. */
  mtime: number;
  /** Changes whenever the content does; for a folder, whenever one of its children does. */
  etag: string;
  /** For files whose permissions are known. */
  mode?: number | undefined;
};

/** An entry as a peer sent it, fields of later versions left out. */
export const entrySchema = z.unknown().transform((value, context): Entry => {
  const entry = parseEntry(value);
  if (typeof entry !== 'string') return entry;
  context.addIssue({ code: 'custom', message: entry });
  return z.NEVER;
});

/**
 * A list of entries as a peer sent it. Listings are by far the longest of all messages, and a schema
 * for each field of each entry took longer than all else that was done for it.
 */
export const entriesSchema = z
  .custom<readonly unknown[]>(Array.isArray)
  .transform((values, context): Entry[] => {
    const entries: Entry[] = [];
    for (const value of values) {
      const entry = parseEntry(value);
      if (typeof entry === 'string') {
        context.addIssue({ code: 'custom', message: entry });
        return z.NEVER;
      }
      entries.push(entry);
    }
    return entries;
  });

/** @returns the entry, or what is wrong with it */
function parseEntry(value: unknown): Entry | string {
  if (typeof value !== 'object' || value === null) return 'An entry that is no map';
  const { path, type, size, mtime, etag, mode } = value as Partial<Record<keyof Entry, unknown>>;
  if (typeof path !== 'string') return 'An entry without a path';
  if (type !== 'file' && type !== 'directory') return 'An entry of no known type';
  if (!isInteger(size) || size < 0) return 'An entry without a size';
  if (!isInteger(mtime)) return 'An entry without a time';
  if (typeof etag !== 'string' || etag === '' || etag.length > limits.etag) {
    return 'An entry without an etag';
  }
  const parsed = tryPath(path);
  if (parsed instanceof ProtocolError) return parsed.message;
  const entry: Entry = { path: parsed, type, size, mtime, etag };
  if (mode === undefined) return entry;
  if (!isInteger(mode) || mode < 0 || mode > limits.mode) return 'An entry of no valid permissions';
  entry.mode = mode;
  return entry;
}

function tryPath(path: string): RemotePath | ProtocolError {
  try {
    return parseRelativePath(path);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
