import { joinPath, parsePath, type Entry, type RemotePath } from '@e2eeftp/protocol';

import type { ListOptions, Store } from './store.js';
import { branches, componentsOf } from './tree.js';

/**
 * Lists the root for a store in which a client sees something else in a branch than there is.
 *
 * @param store - gives the branches as the client sees them
 * @param options - which part of the root to list
 * @yields its entries
 */
export async function* listRoot(
  store: Pick<Store, 'stat' | 'list'>,
  { recursive, after = parsePath('') }: ListOptions,
): AsyncGenerator<Entry, void> {
  const [first, ...below] = componentsOf(after);
  for (const name of branches) {
    const branch = parsePath(name);
    if (first !== undefined && name < first) continue;
    if (name !== first) yield await store.stat(branch);
    if (!recursive) continue;
    // Part of a path is one below a branch, where no name belongs to the server.
    const rest = below.join('/') as RemotePath;
    const inner = { recursive, ...(name === first && rest !== '' && { after: rest }) };
    for await (const entry of store.list(branch, inner)) {
      yield { ...entry, path: joinPath(branch, entry.path) };
    }
  }
}
