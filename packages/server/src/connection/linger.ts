import type { Transport } from '@e2eeftp/transport';

/** How long a peer may take to hear our last word and hang up. */
export const lingerTimeout = 2000;

/**
 * Gives the peer a moment to hear the last word: hanging up on bytes that were not read would make
 * the network throw away what we said. Whoever calls bounds the wait by destroying the transport.
 *
 * @param transport - the connection, this direction of which has ended
 */
export async function linger(transport: Transport): Promise<void> {
  try {
    while ((await transport.read()) !== undefined);
  } catch {
    // The peer hung up without reading to the end; there was nothing left to lose.
  }
}
