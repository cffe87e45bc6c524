import type { BatchOutcome, StoredFile } from '@e2eeftp/protocol';

import { answerForError, textOf } from '../command/answer.js';
import type { CommandContext } from '../command/command.js';

/**
 * Batches of a connection that are worked on at once: each is in memory as a whole, so that many
 * would let one client take much of it.
 */
export const batchesAtOnce = 4;

/**
 * @param status - what the client hears of a file that is as it should be
 * @param file - the file
 * @returns what the client hears of it
 */
export function succeeded(status: number, file: StoredFile): BatchOutcome {
  return { status, file: { ...file } };
}

/**
 * @param error - why nothing became of one file of several
 * @param path - the file
 * @param context - is told of what is the server's own fault, unless the client has gone
 * @returns what the client hears of it: no more than of a request that fails
 */
export function failed(
  error: unknown,
  path: string,
  { logger, signal }: Pick<CommandContext, 'logger' | 'signal'>,
): BatchOutcome {
  const { status, text = textOf(status) } = answerForError(error);
  if (status >= 500 && !signal.aborted)
    logger.error({ path, status, err: error }, 'a file of several failed');
  return { status, text };
}
