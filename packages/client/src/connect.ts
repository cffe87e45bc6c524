import { Client } from './client.js';
import { ConnectionPool } from './connection/connection-pool.js';
import { runOperation } from './operation/operation.js';
import type { ConnectOptions } from './options.js';

/**
 * Connects to a server.
 *
 * @param options - how to reach it, as whom, and which server to trust
 * @returns the client, to be closed
 * @throws ClientError when there is no connection, or no trust in either direction
 * @example
 * ```ts
 * const home = new ClientHome();
 * const { identity } = await home.loadOrCreateIdentity();
 * const client = await connect({ host: 'files.example.org', identity, server: serverPublicKey });
 * ```
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const pool = new ConnectionPool(options);
  try {
    return await runOperation({ signal: options.signal }, async (signal) => {
      const { connection, release } = await pool.lease('request', signal);
      release();
      return new Client(pool, await connection.greeting, options);
    });
  } catch (error) {
    // Whoever gave up gets no client that could be closed: what is still being opened is not theirs.
    void pool.close();
    throw error;
  }
}
