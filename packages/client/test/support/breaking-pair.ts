import { connect, Identity, type Client, type ConnectOptions } from '../../src/index.js';
import { startPair, type Pair } from '../tree/support.js';
import { Line } from './line.js';

export interface BreakingPair extends Pair {
  /** Another client of the server, of the same person, over a line of its own. */
  join(options?: Partial<ConnectOptions>): Promise<{ client: Client; line: Line }>;
}

/** A server on disk with a client that nothing disturbs, and clients over lines that break. */
export async function startBreakingPair(): Promise<BreakingPair> {
  const pair = await startPair({ onDisk: true });
  const identity = Identity.generate();
  return {
    ...pair,
    join: async (options) => {
      const line = new Line(pair.server);
      const client = await connect({
        identity,
        server: pair.client.greeting.facts.peerIdentity,
        connections: 1,
        openTransport: line.open,
        ...options,
      });
      return { client, line };
    },
  };
}
