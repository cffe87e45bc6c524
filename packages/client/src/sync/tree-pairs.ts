import { comparePaths, type Entry } from '@e2eeftp/protocol';

import type { LocalItem } from '../tree/local-walk.js';

/** What is at one path of a local and a remote tree: something on one side at least. */
export interface TreePair {
  readonly path: string;
  readonly local?: LocalItem;
  readonly remote?: Entry;
}

/**
 * Walks through two trees side by side, holding no more than one entry of each.
 *
 * @param locals - the local one, in the order of `comparePaths`
 * @param remotes - the remote one, in the same order
 * @yields what is at each path
 */
export async function* treePairs(
  locals: AsyncGenerator<LocalItem, void, void>,
  remotes: AsyncGenerator<Entry, void, void>,
): AsyncGenerator<TreePair, void, void> {
  try {
    let local = await locals.next();
    let remote = await remotes.next();
    for (;;) {
      const item = local.done === true ? undefined : local.value;
      const entry = remote.done === true ? undefined : remote.value;
      if (!item && !entry) return;
      const order = item && entry ? orderOf(item, entry) : 0;
      const path = item && order <= 0 ? item.path : (entry?.path ?? '');
      yield {
        path,
        ...(item && order <= 0 && { local: item }),
        ...(entry && order >= 0 && { remote: entry }),
      };
      if (item && order <= 0) local = await locals.next();
      if (entry && order >= 0) remote = await remotes.next();
    }
  } finally {
    await locals.return();
    await remotes.return();
  }
}

/** A name that the server cannot have has no place in its order: it must not hold up the others. */
function orderOf(item: LocalItem, entry: Entry): number {
  const isUnknowable = item.type === 'failed' && item.error.code === 'bad-name';
  return isUnknowable ? -1 : comparePaths(item.path, entry.path);
}
