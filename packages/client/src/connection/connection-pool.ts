import { setMaxListeners } from 'node:events';

import { asClientError, ClientError, throwIfAborted } from '../errors.js';
import { defaultConnections, type ConnectOptions } from '../options.js';
import { untilAborted } from './abort.js';
import { Connection } from './connection.js';
import { openTransport } from './open-transport.js';
import { verifierOf } from './server-verifier.js';
import { timeoutsOf } from './timeouts.js';

/**
 * What a connection is wanted for: `request` shares one with others, whose answers come one after
 * the other; `transfer` may keep it busy for long, and wants one for itself where it can have it.
 */
export type Demand = 'request' | 'transfer';

/** A connection that is being used. */
export interface ConnectionLease {
  readonly connection: Connection;
  /** Ends the use. Releasing it again does nothing. */
  readonly release: () => void;
}

/** Requests that wait for their answers over one connection before another one is opened. */
const pipelineDepth: Readonly<Record<Demand, number>> = { request: 16, transfer: 1 };

/** Milliseconds in which no further connection is tried after one could not be opened. */
const patience = 30_000;

/**
 * Keeps a bounded number of connections to one server, and opens others when they have ended.
 */
export class ConnectionPool {
  readonly #options: ConnectOptions;
  /** How many use each open connection. */
  readonly #connections = new Map<Connection, number>();
  readonly #opening = new Set<Promise<Connection>>();
  readonly #closing = new AbortController();
  /** When a further connection may be tried, as `performance.now()` says. */
  #triesAgainAt = 0;

  /** @param options - how to reach the server, and as whom */
  constructor(options: ConnectOptions) {
    this.#options = options;
    // As many listen to it as connections are being opened.
    setMaxListeners(0, this.#closing.signal);
  }

  /**
   * @param demand - what for
   * @param signal - ends the wait early; others may wait for the same connection
   * @returns a connection that can be used, to be released
   * @throws ClientError
   */
  async lease(demand: Demand, signal?: AbortSignal): Promise<ConnectionLease> {
    for (;;) {
      throwIfAborted(signal);
      if (this.#closing.signal.aborted)
        throw new ClientError('closed', 'The client is closed; connect again');
      const best = this.#leastBusy();
      const load = best ? this.#loadOf(best) : Infinity;
      if (best && (load < pipelineDepth[demand] || !this.#mayOpen())) return this.#use(best);
      const opened = this.#openFor(demand);
      if (!best) {
        await untilAborted(opened, signal);
      } else {
        // One that works is better than an error about one more.
        await untilAborted(
          opened.catch(() => undefined),
          signal,
        );
      }
    }
  }

  /**
   * Ends the connections when everything asked so far is answered. No other is opened.
   *
   * @returns once they have ended
   */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#opening);
    await Promise.all([...this.#connections.keys()].map((connection) => connection.close()));
  }

  /** Ends the connections at once, whatever is under way. */
  destroy(): void {
    this.#closing.abort();
    for (const connection of this.#connections.keys()) {
      connection.destroy(new ClientError('closed', 'The client was closed'));
    }
  }

  #leastBusy(): Connection | undefined {
    let best: Connection | undefined;
    for (const connection of this.#connections.keys()) {
      if (!connection.isOpen) this.#connections.delete(connection);
      else if (!best || this.#loadOf(connection) < this.#loadOf(best)) best = connection;
    }
    return best;
  }

  #loadOf(connection: Connection): number {
    return Math.max(connection.unanswered, this.#connections.get(connection) ?? 0);
  }

  #mayOpen(): boolean {
    const { connections = defaultConnections } = this.#options;
    const count = this.#connections.size + this.#opening.size;
    if (this.#connections.size === 0) return true;
    return count < connections && performance.now() >= this.#triesAgainAt;
  }

  /** Requests share the connection that is being opened, transfers each open their own. */
  #openFor(demand: Demand): Promise<Connection> {
    const { connections = defaultConnections } = this.#options;
    const [underWay] = this.#opening;
    const isFull = this.#connections.size + this.#opening.size >= connections;
    if (underWay && (demand === 'request' || isFull)) return underWay;
    const opening = this.#open();
    this.#opening.add(opening);
    const settle = (): void => {
      this.#opening.delete(opening);
    };
    opening.then(settle, () => {
      settle();
      this.#triesAgainAt = performance.now() + patience;
    });
    return opening;
  }

  #use(connection: Connection): ConnectionLease {
    this.#connections.set(connection, (this.#connections.get(connection) ?? 0) + 1);
    let isReleased = false;
    return {
      connection,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        const users = this.#connections.get(connection);
        if (users !== undefined) this.#connections.set(connection, users - 1);
      },
    };
  }

  async #open(): Promise<Connection> {
    const { identity, server, timeouts } = this.#options;
    const { handshake, progress } = timeoutsOf(timeouts);
    const { signal } = this.#closing;
    let connection: Connection | undefined;
    try {
      connection = new Connection(await openTransport(this.#options, signal), {
        identity,
        verifyServer: verifierOf(server),
        handshakeTimeout: handshake,
        progressTimeout: progress,
      });
      await untilAborted(connection.greeting, signal);
    } catch (error) {
      const reason = asClientError(error);
      connection?.destroy(reason);
      throw reason;
    }
    this.#connections.set(connection, 0);
    return connection;
  }
}
