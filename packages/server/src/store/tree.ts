import type { RemotePath } from '@e2eeftp/protocol';

import { StoreError } from './store-error.js';

/** The folders of the root; nothing else exists beside them. */
export const branches = ['received', 'vaults'] as const;

/**
 * @param path - any path
 * @returns its components; none for the root
 */
export function componentsOf(path: RemotePath): string[] {
  return path === '' ? [] : path.split('/');
}

/**
 * @param path - any path
 * @returns whether it is one of the branches themselves
 */
export function isBranch(path: RemotePath): boolean {
  return branches.some((branch) => branch === path);
}

/**
 * Checks that a path is in the tree: what else lies in a data directory, such as the server's
 * private key, must not exist for a peer.
 *
 * @param path - any path
 * @throws StoreError `not-found`
 */
export function requireInTree(path: RemotePath): void {
  if (path !== '' && branchOf(path) === undefined) {
    throw new StoreError('not-found', 'The tree has no such branch');
  }
}

/**
 * Checks that a path can be deleted or renamed.
 *
 * @param path - any path
 * @throws StoreError `not-allowed` for the root and its branches, `not-found` outside of the tree
 */
export function requireChangeable(path: RemotePath): void {
  requireInTree(path);
  if (!path.includes('/')) {
    throw new StoreError('not-allowed', 'The root and its branches cannot be changed');
  }
}

/**
 * Checks that something can be made at a path.
 *
 * @param path - any path
 * @throws StoreError `not-allowed` for the root, its branches and what is outside of them
 */
export function requireWritable(path: RemotePath): void {
  if (branchOf(path) === undefined || !path.includes('/')) {
    throw new StoreError('not-allowed', `Only what is in ${branches.join(' or ')} can be written`);
  }
}

/**
 * Checks that the tree's shape allows a renaming.
 *
 * @param from - what is there
 * @param to - where it is to be
 * @throws StoreError `not-allowed`, or `not-found` when nothing can be at `from`
 */
export function requireRenamable(from: RemotePath, to: RemotePath): void {
  requireChangeable(from);
  requireWritable(to);
  if (branchOf(from) !== branchOf(to)) {
    throw new StoreError('not-allowed', 'Nothing can be moved from one branch to another');
  }
  if (to.startsWith(`${from}/`)) {
    throw new StoreError('not-allowed', 'A folder cannot be moved into itself');
  }
}

function branchOf(path: RemotePath): string | undefined {
  return branches.find((branch) => path === branch || path.startsWith(`${branch}/`));
}
