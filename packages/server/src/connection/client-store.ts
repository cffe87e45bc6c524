import type { AuthorizedClient } from '../authorization/authorizer.js';
import { HomeStore } from '../store/home-store.js';
import type { Store } from '../store/store.js';
import { VaultStore } from '../vaults/vault-store.js';
import type { ConnectionServices } from './services.js';

/**
 * @param services - all files, and who belongs to the vaults among them
 * @param client - who comes
 * @returns the files as the client sees them
 */
export async function storeFor(
  { store, keyrings }: Pick<ConnectionServices, 'store' | 'keyrings'>,
  client: AuthorizedClient,
): Promise<Store> {
  const { home, quota } = client;
  const vaults = new VaultStore(store, keyrings, client);
  return home === undefined && quota === undefined ? vaults : HomeStore.open(vaults, client);
}
