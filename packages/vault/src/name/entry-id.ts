import { defaultBackend, type CryptoBackend } from '@e2eeftp/crypto';

import { vaultSizes } from '../limits.js';

/**
 * The ids of a folder's ancestors and its own, from the root on. What is in a folder is bound to
 * the last of them; the others are those that none of its entries may have.
 */
export type DirectoryIds = readonly [Uint8Array, ...Uint8Array[]];

/** The root of a vault, whose id is 12 zero bytes. */
export const rootDirectory: DirectoryIds = [new Uint8Array(vaultSizes.entryId)];

/**
 * @param backend - the primitives to use
 * @returns the id of a new file or folder: 12 random bytes
 */
export function newEntryId(backend: CryptoBackend = defaultBackend): Uint8Array {
  for (;;) {
    const id = backend.randomBytes(vaultSizes.entryId);
    if (!isRootId(id)) return id;
  }
}

/**
 * @param id - 12 bytes
 * @returns whether they are the root's, which no entry may have
 */
export function isRootId(id: Uint8Array): boolean {
  return id.every((byte) => byte === 0);
}
