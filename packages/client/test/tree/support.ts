import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { FileStore, MemoryStore, Server, type Command, type Store } from '@e2eeftp/server';
import { afterEach } from '@jest/globals';

import {
  connect,
  Identity,
  type Client,
  type ConnectOptions,
  type TreeOutcome,
} from '../../src/index.js';
import { makeFolder } from '../home/support.js';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export interface Pair {
  readonly client: Client;
  readonly store: Store;
  readonly server: Server;
}

/** A server that lets everybody in, and a client of it. Both are closed after the test. */
export async function startPair(
  options: {
    readonly onDisk?: boolean;
    readonly capacity?: number;
    /** Instead of one of its own. */
    readonly store?: Store;
    readonly commands?: readonly Command[];
    readonly connect?: Partial<ConnectOptions>;
  } = {},
): Promise<Pair> {
  const { capacity, commands } = options;
  const store =
    options.store ??
    (options.onDisk
      ? await FileStore.open({ directory: await makeFolder() })
      : new MemoryStore({ capacity }));
  closers.push(() => store.close());
  const identity = Identity.generate();
  const server = new Server({
    identity,
    authorizer: {
      authorize: async (who) => ({ identity: who, name: undefined, access: 'rw' }),
    },
    store,
    ...(commands && { commands }),
  });
  await server.start({ port: 0 });
  closers.push(() => server.close());
  const client = await connect({
    port: server.address.port,
    identity: Identity.generate(),
    server: identity.publicKey,
    timeouts: { progress: 10_000 },
    ...options.connect,
  });
  closers.push(() => client.close());
  return { client, store, server };
}

/** What a local folder holds: the content of each file, and `undefined` for each folder. */
export type Tree = Readonly<Record<string, string | undefined>>;

export async function writeTree(folder: string, tree: Tree): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [path, content] of Object.entries(tree)) {
    if (content === undefined) {
      await mkdir(join(folder, path), { recursive: true });
    } else {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), content, 'latin1');
    }
  }
}

/** Reads a folder back; a symbolic link gives its own mark. */
export async function readTree(
  folder: string,
  prefix = '',
): Promise<Record<string, string | undefined>> {
  const tree: Record<string, string | undefined> = {};
  for (const name of await readdir(join(folder, prefix))) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const stats = await lstat(join(folder, path));
    if (stats.isSymbolicLink()) {
      tree[path] = '(link)';
    } else if (stats.isDirectory()) {
      tree[path] = undefined;
      Object.assign(tree, await readTree(folder, path));
    } else {
      tree[path] = await readFile(join(folder, path), 'latin1');
    }
  }
  return tree;
}

/** With every folder named for itself, as {@link readTree} gives them. */
export function withFolders(tree: Tree): Record<string, string | undefined> {
  const all: Record<string, string | undefined> = {};
  for (const [path, content] of Object.entries(tree)) {
    const parts = path.split('/');
    for (let end = 1; end < parts.length; end++) all[parts.slice(0, end).join('/')] = undefined;
    all[path] = content;
  }
  return all;
}

export function collector(): {
  outcomes: TreeOutcome[];
  onOutcome: (outcome: TreeOutcome) => void;
} {
  const outcomes: TreeOutcome[] = [];
  return {
    outcomes,
    onOutcome: (outcome) => {
      outcomes.push(outcome);
    },
  };
}
