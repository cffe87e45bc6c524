import type { Identity } from '@e2eeftp/crypto';
import { listenTcp, type Listener, type Transport } from '@e2eeftp/transport';

import type { Authorizer } from './authorization/authorizer.js';
import { CommandTable } from './command/command-table.js';
import type { Command } from './command/command.js';
import { builtinCommands } from './commands/builtin-commands.js';
import { Connection, type ConnectionServices } from './connection/connection.js';
import { defaultServerLimits, type ServerLimits } from './limits.js';
import { silentLogger, type Logger } from './logger.js';
import { ServerError } from './server-error.js';
import type { Store } from './store/store.js';

/** What a server is made of. A `DataDirectory` brings the first three. */
export interface ServerOptions {
  /** Who the server is. */
  readonly identity: Identity;
  /** Who may use it. */
  readonly authorizer: Authorizer;
  /** Where the files are. */
  readonly store: Store;
  /** What clients can ask for; by default the built-in commands. */
  readonly commands?: readonly Command[];
  /** What clients are allowed, where it differs from the default. */
  readonly limits?: Partial<ServerLimits>;
  /** Where to report; by default nowhere. */
  readonly logger?: Logger;
}

/** Where a server listens. */
export interface ListenOptions {
  /** A name or an address of this machine; by default 127.0.0.1. */
  readonly host?: string;
  /** A TCP port; by default 5001. 0 lets the system choose one. */
  readonly port?: number;
}

/** The port that servers listen at and clients ask for when nobody says otherwise. */
export const defaultPort = 5001;
const defaultHost = '127.0.0.1';

/**
 * Serves files to authorized clients over TCP.
 *
 * It owns its connections, and neither the store nor the data directory that it was given: close
 * those after the server.
 */
export class Server {
  readonly #services: ConnectionServices;
  readonly #connections = new Map<Connection, Promise<void>>();
  #listener: Listener | undefined;
  #isClosed = false;

  /**
   * @param options - what the server is made of
   * @throws ServerError `bad-option` for a command whose name is no command word
   */
  constructor(options: ServerOptions) {
    const { identity, authorizer, store, commands = builtinCommands } = options;
    this.#services = {
      identity,
      authorizer,
      store,
      commands: new CommandTable(commands),
      limits: { ...defaultServerLimits, ...options.limits },
      logger: options.logger ?? silentLogger,
    };
  }

  /**
   * Where the server listens.
   *
   * @throws ServerError `not-running` before it was started
   */
  get address(): Listener['address'] {
    if (!this.#listener) throw new ServerError('not-running', 'The server does not listen yet');
    return this.#listener.address;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Begins to listen.
   *
   * @param options - where
   * @throws TransportError `unavailable` when the port is taken or not allowed
   */
  async start(options: ListenOptions = {}): Promise<void> {
    const { host = defaultHost, port = defaultPort } = options;
    this.#listener = await listenTcp({
      host,
      port,
      onConnection: (transport) => { this.accept(transport); },
      onError: (error) => {
        this.#services.logger.error({ err: error }, 'a connection could not be taken');
      },
    });
    this.#services.logger.info(this.#listener.address, 'listening');
  }

  /**
   * Serves a client over a connection that came about elsewhere, such as a pair in memory.
   *
   * @param transport - the connection, which the server owns from now on
   */
  accept(transport: Transport): void {
    const { limits, logger } = this.#services;
    if (this.#isClosed || this.#connections.size >= limits.connections) {
      logger.warn({ peer: transport.peer }, 'refused a connection: there are too many');
      transport.destroy();
      return;
    }
    const connection = new Connection(transport, this.#services);
    const ended = connection.run().finally(() => this.#connections.delete(connection));
    this.#connections.set(connection, ended);
  }

  /**
   * Stops: takes no more connections, lets requests under way end as long as
   * `limits.drainTimeout` allows, and hangs up.
   *
   * @returns once everything that belonged to the connections is freed
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#listener?.close();
    const connections = [...this.#connections];
    await Promise.all(connections.map(([connection]) => connection.shutDown()));
    await Promise.all(connections.map(([, ended]) => ended));
    this.#services.logger.info({}, 'closed');
  }
}
