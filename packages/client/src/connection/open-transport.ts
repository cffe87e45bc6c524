import { defaultHost, defaultPort } from '@e2eeftp/protocol';
import { connectTcp, TransportError, type Transport } from '@e2eeftp/transport';

import { ClientError } from '../errors.js';
import type { ConnectOptions } from '../options.js';
import { timeoutsOf } from './timeouts.js';

/**
 * @param options - how to reach the server
 * @param signal - ends the attempt early
 * @returns the way to the server, which the caller must destroy or end
 * @throws TransportError, or a ClientError; `unreachable` for anything else that the caller's own
 *   `openTransport` throws
 */
export async function openTransport(
  { host = defaultHost, port = defaultPort, openTransport: open, timeouts }: ConnectOptions,
  signal: AbortSignal | undefined,
): Promise<Transport> {
  const { connect: timeout } = timeoutsOf(timeouts);
  if (!open) return connectTcp({ host, port, timeout, signal });
  try {
    return await open(signal);
  } catch (cause) {
    if (cause instanceof TransportError || cause instanceof ClientError) throw cause;
    const reason = cause instanceof Error ? cause.message : 'the way to it could not be opened';
    throw new ClientError('unreachable', `The server cannot be reached: ${reason}`, { cause });
  }
}
