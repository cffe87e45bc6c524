import { comparePaths, type CommandResult, type Entry } from '@e2eeftp/protocol';

import { ClientError } from './errors.js';

/**
 * Entries that are asked for at once. An answer has room for some ten thousand, which as objects
 * take so much memory, for so long, that a process would grow by a hundred megabytes.
 */
export const pageSize = 1000;

/**
 * Lists a folder, as many pages as it takes.
 *
 * @param askPage - asks for the first page, or for the one behind a cursor
 * @returns the entries
 * @throws ClientError `not-e2eeftp` when their order is not that of their names; what `askPage` throws
 */
export async function* pagedEntries(
  askPage: (cursor: string | undefined) => Promise<CommandResult<'LIST'>>,
): AsyncGenerator<Entry, void, void> {
  let cursor: string | undefined;
  let last: string | undefined;
  do {
    const page = await askPage(cursor);
    for (const entry of page.entries) {
      // A server that repeats itself would keep us listing for ever.
      if (last !== undefined && comparePaths(entry.path, last) <= 0) throw outOfOrder();
      last = entry.path;
      yield entry;
    }
    const isStuck = page.entries.length === 0 || page.cursor !== last;
    if (page.cursor !== undefined && isStuck) throw outOfOrder();
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function outOfOrder(): ClientError {
  return new ClientError('not-e2eeftp', 'The server sent a listing that is out of order');
}
