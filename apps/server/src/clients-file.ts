import { join } from 'node:path';

import { AuthorizedClientsFile, authorizedClientsName, silentLogger } from '@e2eeftp/server';

/**
 * @param data - the data directory
 * @returns its file of authorized clients, which need not exist
 */
export function clientsFile(data: string): AuthorizedClientsFile {
  return new AuthorizedClientsFile(join(data, authorizedClientsName), silentLogger);
}
