import { setImmediate } from 'node:timers/promises';

import {
  comparePaths,
  type CommandArguments,
  type CommandResult,
  type Entry,
} from '@e2eeftp/protocol';

import { ClientError } from './errors.js';

/**
 * Entries that are asked for at once. An answer has room for some ten thousand, which as objects
 * take so much memory, for so long, that a process would grow by a hundred megabytes.
 */
export const pageSize = 1000;

type Page = CommandResult<'LIST'>;

/**
 * Lists a folder, as many pages as it takes. While one is consumed, the next is on its way, so that
 * a slow link costs one round trip and not one for each; no more than these two are ever held.
 *
 * @param ask - asks for a page; it is for the caller to end what it asks for when the loop is left
 * @param listed - which folder, and whether to go into its folders
 * @yields the entries of a page; what a page fails with comes behind those of the pages before
 * @throws ClientError `not-e2eeftp` when their order is not that of their names, or there are some of
 *   other folders; what `ask` throws
 */
export async function* listPages(
  ask: (args: CommandArguments<'LIST'>) => Promise<Page>,
  listed: Pick<CommandArguments<'LIST'>, 'path' | 'recursive'>,
): AsyncGenerator<readonly Entry[], void, void> {
  const askPage = (cursor: string | undefined): Promise<Page> =>
    ask({ ...listed, limit: pageSize, ...(cursor !== undefined && { cursor }) });
  let last: string | undefined;
  let next: Promise<Page> | undefined = askPage(undefined);
  while (next) {
    const page: Page = await next;
    const { cursor } = page;
    next = cursor === undefined ? undefined : askPage(cursor);
    // Who leaves the loop before that page does not hear of its failure.
    next?.catch(() => undefined);
    requireOrder(page, last);
    if (listed.recursive !== true) requireDirect(page);
    last = cursor;
    // So that the question is on its way before this page takes its time.
    if (next) await setImmediate();
    yield page.entries;
  }
}

/** A server that repeats itself would keep us listing for ever. */
function requireOrder({ entries, cursor }: Page, before: string | undefined): void {
  let last = before;
  for (const { path } of entries) {
    if (last !== undefined && comparePaths(path, last) <= 0) throw outOfOrder();
    last = path;
  }
  if (cursor !== undefined && (entries.length === 0 || cursor !== last)) throw outOfOrder();
}

/** Whoever asked for one folder would make those that a server invents, when it receives what is there. */
function requireDirect({ entries }: Page): void {
  if (!entries.some(({ path }) => path.includes('/'))) return;
  throw new ClientError(
    'not-e2eeftp',
    'The server sent what is in other folders than the listed one',
  );
}

function outOfOrder(): ClientError {
  return new ClientError('not-e2eeftp', 'The server sent a listing that is out of order');
}
