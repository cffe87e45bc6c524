import { defaultHost, defaultPort } from '@e2eeftp/protocol';
import { connectTcp, type Transport } from '@e2eeftp/transport';

import { defaultTimeouts, type ConnectOptions } from '../options.js';

/**
 * @param options - how to reach the server
 * @param signal - ends the attempt early
 * @returns the way to the server, which the caller must destroy or end
 * @throws TransportError, or whatever the caller's own `openTransport` throws
 */
export function openTransport(
  { host = defaultHost, port = defaultPort, openTransport: open, timeouts }: ConnectOptions,
  signal: AbortSignal | undefined,
): Promise<Transport> {
  if (open) return open(signal);
  const timeout = timeouts?.connect ?? defaultTimeouts.connect;
  return connectTcp({ host, port, timeout, signal });
}
