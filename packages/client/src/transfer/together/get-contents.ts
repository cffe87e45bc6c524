import { limits } from '@e2eeftp/protocol';

import { checkedPath } from '../../checked-path.js';
import { asClientError, type ClientError } from '../../errors.js';
import type { OperationOptions } from '../../options.js';
import type { TransferContext } from '../transfer-context.js';
import { askInBatches, type IndexedItem } from './ask-in-batches.js';
import type { IncomingFile } from './batch-requests.js';
import { areEnough } from './batch.js';

/** What becomes of one of several files; nothing when it is to be received by itself. */
export type ContentOutcome = IncomingFile | ClientError | undefined;

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
  const { batches } = context;
  if (!batches || context.longestRange !== Infinity || !areEnough(files)) return outcomes;
  const wanted: IndexedItem[] = [];
  for (const [index, { path, size = limits.batchFileSize }] of files.entries()) {
    if (size > limits.batchFileSize) continue;
    try {
      wanted.push({ index, path: checkedPath(path), size });
    } catch (error) {
      outcomes[index] = asClientError(error);
    }
  }
  const receive = (batch: readonly IndexedItem[]): Promise<ContentOutcome[]> =>
    batches.receive(batch, signal);
  await askInBatches(context, wanted, receive, outcomes, signal);
  return outcomes;
}
