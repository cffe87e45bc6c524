import type { AuthorizedClient } from '../authorization/authorizer.js';
import { HomeStore } from '../store/home-store.js';
import type { Store } from '../store/store.js';

/**
 * @param store - all files
 * @param client - who comes
 * @returns the files as the client sees them
 */
export async function storeFor(store: Store, client: AuthorizedClient): Promise<Store> {
  const { home, quota } = client;
  return home === undefined && quota === undefined ? store : HomeStore.open(store, client);
}
