import { posix } from 'node:path';

import type { RemoteName } from '@e2eeftp/client';

import type { ServerAccess } from '../server-access.js';
import type { Name, Names } from './names.js';

/** Milliseconds for which a folder is believed to be as it was. */
const freshness = 5_000;

/** What is kept, at most: folders, and names in each. */
const bounds = { folders: 16, names: 5_000 } as const;

interface Listing {
  readonly names: readonly Name[];
  readonly time: number;
}

/** Where names of the server are looked up. */
export interface RemoteFolders {
  /** The server, if there is one: nobody connects because of a key that was pressed. */
  connected(): Promise<ServerAccess | undefined>;
  /** Says what is meant by a name. */
  remoteName(text: string): RemoteName;
}

/**
 * What is in folders of the server, asked for while a person types: it is remembered for a moment,
 * and what takes too long is left out.
 */
export class RemoteNames implements Names {
  readonly #folders: RemoteFolders;
  readonly #listings = new Map<string, Listing>();

  /** @param folders - where to look */
  constructor(folders: RemoteFolders) {
    this.#folders = folders;
  }

  async *in(folder: string, signal: AbortSignal): AsyncGenerator<Name, void, void> {
    const remote = this.#folders.remoteName(folder);
    const key = `${remote.tree}:${remote.path}`;
    const known = this.#listings.get(key);
    if (known && performance.now() - known.time < freshness) {
      yield* known.names;
      return;
    }
    const server = await this.#folders.connected();
    if (!server) return;
    // Whoever looks what there is has not begun to use it.
    const tree = await server.tree(remote, signal, { makesHome: false });
    const names: Name[] = [];
    for await (const entry of tree.list(remote.path, { signal })) {
      const name = { name: posix.basename(entry.path), isFolder: entry.type === 'directory' };
      names.push(name);
      yield name;
      if (names.length >= bounds.names) break;
    }
    this.#remember(key, names);
  }

  /** Forgets everything: a command may have changed it. */
  forget(): void {
    this.#listings.clear();
  }

  #remember(key: string, names: readonly Name[]): void {
    const [oldest] = this.#listings.keys();
    if (this.#listings.size >= bounds.folders && oldest !== undefined) {
      this.#listings.delete(oldest);
    }
    this.#listings.set(key, { names, time: performance.now() });
  }
}
