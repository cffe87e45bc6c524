import { asClientError, type ClientError } from '../../errors.js';
import type { TransferContext } from '../transfer-context.js';
import { batchesOf, type BatchItem } from './batch.js';

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
