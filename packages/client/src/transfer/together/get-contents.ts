import { limits } from '@e2eeftp/protocol';

import { checkedPath } from '../../checked-path.js';
import { asClientError, type ClientError } from '../../errors.js';
import type { OperationOptions } from '../../options.js';
import type { TransferContext } from '../transfer-context.js';
import type { IncomingFile } from './batch-requests.js';
import { areEnough, batchesOf, type BatchItem } from './batch.js';

/** What becomes of one of several files; nothing when it is to be received by itself. */
export type ContentOutcome = IncomingFile | ClientError | undefined;

/** A file that is small, as far as one knows, and which of them all it is. */
interface Wanted extends BatchItem {
  readonly index: number;
}

/**
 * Receives files into memory, with as few requests as possible.
 *
 * @param context - asks the server
 * @param files - which, and how many bytes they have, as a listing said maybe
 * @param options - a signal
 * @returns what became of each
 */
export async function getContents(
  context: TransferContext,
  files: readonly { readonly path: string; readonly size?: number | undefined }[],
  { signal }: OperationOptions,
): Promise<ContentOutcome[]> {
  const outcomes: ContentOutcome[] = files.map(() => undefined);
  const isPossible = context.batches && context.longestRange === Infinity;
  if (!isPossible || !areEnough(files)) return outcomes;
  const wanted: Wanted[] = [];
  for (const [index, { path, size = limits.batchFileSize }] of files.entries()) {
    if (size > limits.batchFileSize) continue;
    try {
      wanted.push({ index, path: checkedPath(path), size });
    } catch (error) {
      outcomes[index] = asClientError(error);
    }
  }
  await Promise.all(
    Array.from(batchesOf(wanted), async (batch) => {
      const results = await getBatch(context, batch, signal);
      for (const [position, { index }] of batch.entries()) outcomes[index] = results[position];
    }),
  );
  return outcomes;
}

async function getBatch(
  context: TransferContext,
  batch: readonly Wanted[],
  signal: AbortSignal | undefined,
): Promise<ContentOutcome[]> {
  try {
    const receive = async (): Promise<ContentOutcome[]> =>
      (await context.batches?.receive(batch, signal)) ?? [];
    return await context.retry({ signal, mayRetry: true }, receive);
  } catch (error) {
    return batch.map(() => asClientError(error));
  }
}
