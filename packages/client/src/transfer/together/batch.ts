import { limits, type StoredFile } from '@e2eeftp/protocol';

import { asClientError, type ClientError } from '../../errors.js';
import type { TransferContext } from '../transfer-context.js';

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

/** A file that is asked for with others, and which of all outcomes is its own. */
export interface IndexedItem extends BatchItem {
  readonly index: number;
}

/**
 * Asks for files with as few requests as possible, each of which is tried again by itself.
 *
 * @param context - decides about further attempts
 * @param items - which
 * @param ask - asks for as many as one request may have
 * @param outcomes - where to put what became of each
 * @param signal - ends the wait
 */
export async function askInBatches<Item extends IndexedItem, Outcome>(
  context: TransferContext,
  items: readonly Item[],
  ask: (batch: readonly Item[]) => Promise<readonly Outcome[]>,
  outcomes: (Outcome | ClientError | undefined)[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const askFor = async (batch: readonly Item[]): Promise<void> => {
    let results: readonly (Outcome | ClientError)[];
    try {
      results = await context.retry({ signal, mayRetry: true }, () => ask(batch));
    } catch (error) {
      results = batch.map(() => asClientError(error));
    }
    for (const [position, { index }] of batch.entries()) outcomes[index] = results[position];
  };
  await Promise.all(Array.from(batchesOf(items), askFor));
}
