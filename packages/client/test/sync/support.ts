import { join } from 'node:path';

import type { Client, SyncOutcome } from '../../src/index.js';
import { readTree } from '../tree/support.js';

/** What a remote folder holds, in the form of `readTree`. */
export async function readRemote(
  client: Client,
  path: string,
): Promise<Record<string, string | undefined>> {
  const tree: Record<string, string | undefined> = {};
  for await (const entry of client.list(path, { recursive: true })) {
    if (entry.type === 'directory') {
      tree[entry.path] = undefined;
      continue;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.read(`${path}/${entry.path}`)) chunks.push(chunk);
    tree[entry.path] = Buffer.concat(chunks).toString('latin1');
  }
  return tree;
}

/** Fills a remote folder with what a local one would hold. */
export async function writeRemote(
  client: Client,
  path: string,
  tree: Readonly<Record<string, string | undefined>>,
  mtime?: number,
): Promise<void> {
  await client.mkdir(path);
  for (const [name, content] of Object.entries(tree)) {
    if (content === undefined) await client.mkdir(`${path}/${name}`);
    else await client.send(Buffer.from(content, 'latin1'), `${path}/${name}`, { mtime });
  }
}

export function readLocal(folder: string, name: string): ReturnType<typeof readTree> {
  return readTree(join(folder, name));
}

/** What became of each path, as `type path`. */
export function recorder(root: string): {
  seen: string[];
  onOutcome: (outcome: SyncOutcome) => void;
} {
  const seen: string[] = [];
  return {
    seen,
    onOutcome: ({ type, remote }) => {
      seen.push(`${type} ${remote.slice(root.length + 1)}`);
    },
  };
}
