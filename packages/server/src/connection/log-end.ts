import { CryptoError } from '@e2eeftp/crypto';
import { ProtocolError } from '@e2eeftp/protocol';
import { TransportError } from '@e2eeftp/transport';

import type { Logger } from '../logger.js';

/**
 * Logs why a connection has ended: what the peer or the network did is no failure of the server.
 *
 * @param logger - the connection's
 * @param error - what ended it
 */
export function logEnd(logger: Logger, error: unknown): void {
  const isPeers =
    error instanceof TransportError ||
    error instanceof ProtocolError ||
    error instanceof CryptoError;
  if (isPeers) logger.info({ reason: error.message }, 'connection ended');
  else logger.error({ err: error }, 'connection failed');
}

/**
 * @param error - what was thrown
 * @returns the same, as an error
 */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown failure', { cause: error });
}
