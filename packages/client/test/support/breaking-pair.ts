import type { Server } from '@e2eeftp/server';
import { memoryTransportPair, TransportError, type Transport } from '@e2eeftp/transport';

import { connect, Identity, type Client, type ConnectOptions } from '../../src/index.js';
import { startPair, type Pair } from '../tree/support.js';
import { filtered } from './scripted-server.js';

/** A client, and its way to the server. */
export interface LinedClient {
  readonly client: Client;
  readonly line: Line;
}

export interface BreakingPair extends Pair {
  /** Another client of the server, of the same person, over a line of its own. */
  join(options?: Partial<ConnectOptions>): Promise<LinedClient>;
}

/** A server with a client that nothing disturbs, and clients over lines that break. */
export async function startBreakingPair(
  options: Parameters<typeof startPair>[0] = { onDisk: true },
): Promise<BreakingPair> {
  const pair = await startPair(options);
  const identity = Identity.generate();
  const server = pair.client.greeting.facts.peerIdentity;
  return {
    ...pair,
    join: (more) => connectOverLine(pair.server, { identity, server, ...more }),
  };
}

/** A client of a server, over one connection at a time, which breaks when a test wants it to. */
export async function connectOverLine(
  server: Server,
  options: Pick<ConnectOptions, 'identity' | 'server'> & Partial<ConnectOptions>,
): Promise<LinedClient> {
  const line = new Line(server);
  const client = await connect({ connections: 1, openTransport: line.open, ...options });
  return { client, line };
}

type Direction = 'up' | 'down';

interface Cut {
  readonly after: number;
  left: number;
  times: number;
}

/** The way to a server in this process, which breaks when a test wants it to. */
export class Line {
  /** Whether no connection can be opened. */
  isDown = false;
  /** What happens before a connection is opened. */
  beforeOpening: () => Promise<unknown> = () => Promise.resolve();
  /** Connections that were opened. */
  opened = 0;
  /** Bytes that have passed over all connections. */
  readonly passed: Record<Direction, number> = { up: 0, down: 0 };
  readonly #server: Server;
  readonly #cuts: Record<Direction, Cut | undefined> = { up: undefined, down: undefined };

  constructor(server: Server) {
    this.#server = server;
  }

  /** Breaks the connection that is in use when so many more bytes have passed, so many times. */
  cut(direction: Direction, after: number, times = 1): void {
    this.#cuts[direction] = { after, left: after, times };
  }

  readonly open = async (): Promise<Transport> => {
    await this.beforeOpening();
    if (this.isDown) throw new TransportError('refused', 'the line is down');
    this.opened += 1;
    const [near, far] = memoryTransportPair();
    this.#server.accept(far);
    return {
      ...filtered(near, (chunk) => chunk),
      read: async () => {
        const chunk = await near.read();
        if (!chunk || this.#room('down', chunk) === chunk.length) return chunk;
        throw broken(near);
      },
      write: async (parts) => {
        for (const part of parts) {
          const room = this.#room('up', part);
          await near.write([part.subarray(0, room)]);
          if (room < part.length) throw broken(near);
        }
      },
    };
  };

  /** How much of a chunk passes. */
  #room(direction: Direction, { length }: Uint8Array): number {
    const cut = this.#cuts[direction];
    const room = Math.min(cut?.left ?? length, length);
    this.passed[direction] += room;
    if (cut) cut.left -= room;
    if (cut && room < length) {
      cut.times -= 1;
      cut.left = cut.after;
      if (cut.times === 0) this.#cuts[direction] = undefined;
    }
    return room;
  }
}

function broken(transport: Transport): TransportError {
  const error = new TransportError('reset', 'the line broke');
  transport.destroy(error);
  return error;
}
