import { parsePath, type RemotePath } from '@e2eeftp/protocol';

import { vaultLimits } from '../limits.js';
import { formatVaultId } from './vault-id.js';

/** The branch of a server's tree that holds vaults. */
export const vaultsFolderName = 'vaults';

/** The folder of a vault's root that holds its keyrings; no entry's stored name looks like it. */
export const keyringFolderName = '.keyring';

/**
 * @param vault - the vault's id, 16 bytes
 * @returns the folder that holds it on the server
 */
export function vaultPath(vault: Uint8Array): RemotePath {
  return parsePath(`${vaultsFolderName}/${formatVaultId(vault)}`);
}

/**
 * @param vault - the vault's id, 16 bytes
 * @param sequence - the keyring's number
 * @returns where that keyring is on the server
 */
export function keyringPath(vault: Uint8Array, sequence: number): RemotePath {
  return parsePath(`${vaultPath(vault)}/${keyringFolderName}/${sequence}`);
}

/**
 * @param name - a name in the folder of keyrings
 * @returns the keyring's number, or `undefined` when it is no keyring: other spellings of a number
 *   would be a second keyring of that number
 */
export function parseKeyringName(name: string): number | undefined {
  if (!/^[1-9][0-9]{0,6}$/u.test(name)) return undefined;
  const sequence = Number(name);
  return sequence <= vaultLimits.sequence ? sequence : undefined;
}
