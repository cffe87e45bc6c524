import { limits, type StoredFile } from '@e2eeftp/protocol';

import type { ClientError } from '../../errors.js';

/** Bytes of a request for all that is no path, and what a file takes of it besides its path. */
const overhead = { request: 1024, file: 256 };

/** Files that are worth to be moved together: for fewer, it takes longer to start a thread. */
const fewest = 4;

/**
 * What becomes of one of several files that are moved together; nothing when it is too large for
 * that, and to be moved by itself.
 */
export type TogetherOutcome = StoredFile | ClientError | undefined;

/** What a file takes of the request that it goes with. */
export interface BatchItem {
  /** Its path on the server. */
  readonly path: string;
  /** Its bytes, as far as they are known. */
  readonly size: number;
}

/**
 * @param files - files that could be moved together
 * @returns whether that is worth it
 */
export function areEnough(files: readonly unknown[]): boolean {
  return files.length >= fewest;
}

/**
 * Cuts a row of files into pieces that fit into one request each.
 *
 * @param items - files, none larger than one of a request may be
 * @yields the pieces
 */
export function* batchesOf<Item extends BatchItem>(
  items: readonly Item[],
): Generator<Item[], void, void> {
  let batch: Item[] = [];
  let request = overhead.request;
  let bytes = 0;
  for (const item of items) {
    const length = Buffer.byteLength(item.path) + overhead.file;
    const isTooMuch = request + length > limits.request || bytes + item.size > limits.batchSize;
    if (batch.length > 0 && (isTooMuch || batch.length === limits.batchFiles)) {
      yield batch;
      batch = [];
      request = overhead.request;
      bytes = 0;
    }
    batch.push(item);
    request += length;
    bytes += item.size;
  }
  if (batch.length > 0) yield batch;
}
