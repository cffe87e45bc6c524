import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

import type { Fault, FaultPlan, PassingRecord } from './fault.js';
import type { Direction } from './record-splitter.js';
import { RelayedConnection } from './relayed-connection.js';

/** Where the server is, and what befalls the records on their way. */
export interface FaultProxyOptions {
  /** The server's port at 127.0.0.1. */
  readonly port: number;
  /** What befalls each record; by default nothing does. It may be changed later. */
  readonly plan?: FaultPlan | undefined;
}

/**
 * Stands between clients and a server, and lets faults befall their connections at exact records.
 * It needs no key: the headers of records are in the clear. It listens at 127.0.0.1.
 */
export class FaultProxy {
  /** What befalls each record from now on. */
  plan: FaultPlan;
  /** Whether connections are refused. */
  isDown = false;
  /** Records that have come so far, over all connections. */
  readonly records: Record<Direction, number> = { up: 0, down: 0 };
  readonly #listener: Server;
  readonly #connections = new Set<RelayedConnection>();
  #opened = 0;

  private constructor(port: number, plan: FaultPlan) {
    this.plan = plan;
    this.#listener = createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      const relayed = new RelayedConnection(this.#opened, client, server, (record) =>
        this.#befall(record),
      );
      if (this.isDown) {
        relayed.cut();
        return;
      }
      this.#opened += 1;
      this.#connections.add(relayed);
      void relayed.run().then(() => this.#connections.delete(relayed));
    });
  }

  /**
   * @param options - where the server is, and what befalls the records
   * @returns the proxy, to be closed
   */
  static async start({ port, plan = () => undefined }: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(port, plan);
    proxy.#listener.listen(0, '127.0.0.1');
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  /** The port that clients connect to. */
  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Connections that were opened so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Connections that have not ended yet. */
  get active(): number {
    return this.#connections.size;
  }

  /** Cuts every connection there is. */
  cutAll(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** @returns once nothing of it is left, connections included */
  async close(): Promise<void> {
    this.isDown = true;
    this.cutAll();
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    await closed;
  }

  #befall(record: PassingRecord): Fault | undefined {
    this.records[record.direction] += 1;
    return this.plan(record);
  }
}
