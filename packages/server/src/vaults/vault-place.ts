import { joinPath, parsePath, type RemotePath } from '@e2eeftp/protocol';
import { locateInVault, VaultError, type VaultLocation } from '@e2eeftp/vault';

import { StoreError } from '../store/store-error.js';
import { branches, componentsOf } from '../store/tree.js';

const [, vaultsName] = branches;

/** The branch that holds the vaults. */
export const vaultsBranch = parsePath(vaultsName);

/** Where a path leads to in a vault. */
export interface VaultPlace {
  readonly path: RemotePath;
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The folder that holds the vault. */
  readonly root: RemotePath;
  /** What is there; nothing where no vault can have anything. */
  readonly location: VaultLocation | undefined;
}

/**
 * @param path - any path of the tree
 * @returns where it leads to, or nothing when that is in no vault
 * @throws StoreError `not-found` when no vault can have this id
 */
export function placeInVault(path: RemotePath): VaultPlace | undefined {
  const [branch, id] = componentsOf(path);
  if (branch !== vaultsName || id === undefined) return undefined;
  const root = joinPath(vaultsBranch, id);
  const location = locate(path);
  const vault = (location ?? locate(root))?.vault;
  if (!vault) throw noVault();
  return { path, vault, root, location };
}

/**
 * Says for which path to take a turn before a change in a vault is decided. Changes of entries do
 * not wait for each other, unless their paths touch; with the root, all of them wait.
 *
 * @param path - what changes in a vault, or its root
 * @returns a path in no tree, so that the store's own turns are others
 */
export function turnFor(path: RemotePath): string {
  return `.e2eeftp/${path}`;
}

/** What a stranger hears of a vault is what he hears of one that does not exist. */
export function noVault(): StoreError {
  return new StoreError('not-found', 'There is no such vault for this client');
}

function locate(path: RemotePath): VaultLocation | undefined {
  try {
    return locateInVault(path);
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}
