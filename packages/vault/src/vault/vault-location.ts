import type { RemotePath } from '@e2eeftp/protocol';

import { VaultError } from '../errors.js';
import { keyringFolderName, parseKeyringName, vaultsFolderName } from './paths.js';
import { parseVaultId } from './vault-id.js';

/** What a path below `vaults/` leads to. The vault's id is 16 bytes. */
export type VaultLocation =
  | { readonly kind: 'vault' | 'keyrings'; readonly vault: Uint8Array }
  | { readonly kind: 'keyring'; readonly vault: Uint8Array; readonly sequence: number }
  | {
      readonly kind: 'entry';
      readonly vault: Uint8Array;
      /** Stored names from the root of the vault on, at least one. */
      readonly storedNames: readonly string[];
    };

/**
 * Says what a path leads to, for whoever decides about access to it.
 *
 * Entries have stored names only: on a file system that takes `.KEYRING` for `.keyring`, any other
 * name could be a way around what protects keyrings.
 *
 * @param path - a path in a server's tree
 * @returns the place in a vault, or `undefined` when the path is not below `vaults/`
 * @throws VaultError `malformed` when no vault can have anything there
 */
export function locateInVault(path: RemotePath): VaultLocation | undefined {
  const [branch, id, ...names] = path.split('/');
  if (branch !== vaultsFolderName || id === undefined) return undefined;
  const vault = parseVaultId(id);
  const [first, second, ...deeper] = names;
  if (first === undefined) return { kind: 'vault', vault };
  if (first === keyringFolderName) {
    if (second === undefined) return { kind: 'keyrings', vault };
    const sequence = parseKeyringName(second);
    if (sequence !== undefined && deeper.length === 0) return { kind: 'keyring', vault, sequence };
  } else if (names.every((name) => /^[A-Za-z0-9_-]+$/u.test(name))) {
    return { kind: 'entry', vault, storedNames: names };
  }
  throw new VaultError(
    'malformed',
    'A vault holds numbered keyrings and encrypted names only; use a client that knows vaults',
  );
}
