import { joinPath, parsePath, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, ClientError } from './errors.js';
import { isAlias } from './home/known-vaults.js';

/** The tree of the files that the server can read. */
export const plainTree = 'plain';

/** The tree that is meant when none is named: one's own vault. */
export const usualTree = 'home';

/** What a person means by a remote name. */
export interface RemoteName {
  /** Whose path it is: {@link plainTree}, or what a vault is called here. */
  readonly tree: string;
  /** The path in that tree: of the server's files, or from the root of the vault. */
  readonly path: RemotePath;
  /** Whether the name can only mean a folder: it ends in `/`, or names a whole tree. */
  readonly isFolder: boolean;
}

const plainBranch = parsePath('received');
const vaultRoot = parsePath('');

/**
 * Reads a remote name as people type it: `PATH` is in one's own vault `home`, `NAME:PATH` in the vault
 * that is called so, and `plain:PATH` is below `received`, where the server can read it. A colon counts
 * as the end of a prefix only in the first component; write `home:a:b` for a file that is called `a:b`.
 *
 * @param text - what a person typed
 * @returns the tree and the path that are meant; whether there is such a vault is not looked at
 * @throws ClientError `bad-name` for a prefix that no vault can have, and for a path that breaks the path
 *   rules
 */
export function parseRemoteName(text: string): RemoteName {
  const [, prefix = usualTree, rest = ''] = /^(?:([^:/]*):)?(.*)$/su.exec(text) ?? [];
  const tree = prefix.normalize('NFC');
  if (tree !== plainTree && tree !== usualTree && !isAlias(tree)) {
    throw new ClientError(
      'bad-name',
      `No vault can be called "${prefix}"; for a file of that name in your own, write "home:${text}"`,
    );
  }
  const name = rest.endsWith('/') ? rest.slice(0, -1) : rest;
  const root = tree === plainTree ? plainBranch : vaultRoot;
  try {
    return { tree, path: joinPath(root, name), isFolder: rest === '' || name !== rest };
  } catch (error) {
    throw asClientError(error);
  }
}

/**
 * Writes a path down as a person knows it.
 *
 * @param tree - whose path it is
 * @param path - the path
 * @returns the path itself for one of the server's files; else one that begins with the vault's name
 */
export function formatRemotePath(tree: string, path: string): string {
  return tree === plainTree ? path : `${tree}:${path}`;
}
