import { parseVaultId, VaultError } from '@e2eeftp/vault';

import { ClientError } from '../errors.js';
import type { OperationOptions } from '../options.js';
import type { RemoteTree } from '../remote-tree.js';

/** Vaults that one person can have; a server could list without an end. */
const most = 100_000;

/**
 * Lists the vaults that a server shows to this client. What can be no vault's id is left out: it would
 * be shown to people, and nothing could be done with it.
 *
 * @param client - asks the server
 * @param options - when to give up
 * @returns the vaults' ids, as they stand in paths
 * @throws ClientError
 */
export async function listedVaults(
  client: Pick<RemoteTree, 'list'>,
  options: OperationOptions,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let count = 0;
  for await (const { path, type } of client.list('vaults', options)) {
    count += 1;
    if (count > most) {
      throw new ClientError(
        'too-large',
        `The server lists more than ${most} vaults; ask its operator`,
      );
    }
    if (type === 'directory' && isVaultId(path)) ids.add(path);
  }
  return ids;
}

function isVaultId(text: string): boolean {
  try {
    parseVaultId(text);
    return true;
  } catch (error) {
    if (error instanceof VaultError) return false;
    throw error;
  }
}
