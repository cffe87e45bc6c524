import { setTimeout as delay } from 'node:timers/promises';

import { fingerprint, type Identity } from '@e2eeftp/crypto';
import { defaultHost, defaultPort } from '@e2eeftp/protocol';
import { listenTcp, type Listener, type Transport } from '@e2eeftp/transport';

import { admit } from './admission/admit.js';
import { Admission, type Ticket } from './admission/admission.js';
import { RequestRates, type RequestPacing } from './admission/request-rates.js';
import type { Authorizer } from './authorization/authorizer.js';
import { authorizedCards } from './cards/authorized-cards.js';
import { MemoryCards, type CardStore } from './cards/card-store.js';
import { CommandTable } from './command/command-table.js';
import type { Command } from './command/command.js';
import { builtinCommands } from './commands/builtin-commands.js';
import { IncomingConnection } from './connection/incoming-connection.js';
import type { ServedConnection } from './connection/served-connection.js';
import type { ConnectionServices } from './connection/services.js';
import { defaultServerLimits, type ServerLimits } from './limits.js';
import { silentLogger, type Logger } from './logger.js';
import type { ServerObserver } from './observer.js';
import { ServerError } from './server-error.js';
import type { Store } from './store/store.js';
import { Keyrings } from './vaults/keyrings.js';
import type { V1Options } from './v1/v1-options.js';

/** What a server is made of. A `DataDirectory` brings the first four. */
export interface ServerOptions {
  /** Who the server is. */
  readonly identity: Identity;
  /** Who may use it. */
  readonly authorizer: Authorizer;
  /** Where the files are. */
  readonly store: Store;
  /** The cards that clients have published; by default in memory only. */
  readonly cards?: CardStore;
  /** What clients can ask for; by default the built-in commands. */
  readonly commands?: readonly Command[];
  /** What clients are allowed, where it differs from the default. */
  readonly limits?: Partial<ServerLimits>;
  /** Where to report; by default nowhere. */
  readonly logger?: Logger;
  /** Says how fast clients may ask; by default as `limits.requestRate` has it. */
  readonly pacing?: RequestPacing | undefined;
  /** Hears what the server does. */
  readonly observer?: ServerObserver | undefined;
  /** How to serve the first generation of the protocol; by default its clients are turned away. */
  readonly v1?: V1Options | undefined;
}

/** Where a server listens. */
export interface ListenOptions {
  /** A name or an address of this machine; by default 127.0.0.1. */
  readonly host?: string;
  /** A TCP port; by default 5001. 0 lets the system choose one. */
  readonly port?: number;
  /**
   * The file descriptor of a TCP socket that is bound already, such as one that a service manager
   * hands over; host and port say nothing then.
   */
  readonly descriptor?: number | undefined;
}

/** How long handlers may take to end once their connections have, in milliseconds. */
const handlerPatience = 5000;

/**
 * Serves files to authorized clients over TCP.
 *
 * It owns its connections, and neither the store nor the data directory that it was given: close
 * those after the server.
 */
export class Server {
  readonly #services: ConnectionServices;
  /** What all connections look at, also those that are open when it changes. */
  readonly #limits: ServerLimits;
  readonly #admission: Admission;
  readonly #connections = new Map<ServedConnection, Promise<void>>();
  #listener: Listener | undefined;
  #hasServed = false;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #stopWatching: (() => void) | undefined;
  #reviewed: Promise<void> = Promise.resolve();

  /**
   * @param options - what the server is made of
   * @throws ServerError `bad-option` for a command whose name is no command word
   */
  constructor(options: ServerOptions) {
    const { identity, authorizer, store, commands = builtinCommands } = options;
    const { cards = new MemoryCards() } = options;
    const limits = { ...defaultServerLimits, ...options.limits };
    this.#limits = limits;
    this.#admission = new Admission(limits);
    this.#services = {
      identity,
      authorizer,
      store,
      keyrings: new Keyrings(store),
      cards: authorizedCards(cards, authorizer),
      commands: new CommandTable(commands),
      limits,
      rates: options.pacing ?? new RequestRates(limits.requestRate),
      logger: options.logger ?? silentLogger,
      observer: options.observer ?? {},
      v1: options.v1,
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
   * @throws TransportError `unavailable` when the port is taken or not allowed; then it can be
   *   tried again. ServerError `not-running` after the server was closed, `bad-option` when it
   *   listens already
   */
  async start(options: ListenOptions = {}): Promise<void> {
    if (this.#closing) throw new ServerError('not-running', 'The server was closed; make another');
    if (this.#starting) throw new ServerError('bad-option', 'The server listens already');
    this.#starting = this.#listen(options);
    try {
      await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }

  /**
   * Serves a client over a connection that came about elsewhere, such as a pair in memory.
   *
   * @param transport - the connection, which the server owns from now on
   * @param admitted - set when somebody else has decided to take it
   */
  accept(transport: Transport, admitted?: Ticket): void {
    const ticket = this.#closing ? undefined : (admitted ?? this.#admit(transport.peer));
    if (!ticket) {
      admitted?.close(false);
      transport.destroy();
      return;
    }
    this.#stopWatching ??= this.#services.authorizer.watch?.(() => {
      this.#reviewed = this.#reviewed.then(() => this.#review());
    });
    this.#hasServed = true;
    this.#services.observer.connectionOpened?.();
    const connection = new IncomingConnection(transport, ticket, this.#services);
    const ended = connection.run().finally(() => {
      this.#connections.delete(connection);
      this.#services.observer.connectionClosed?.();
    });
    this.#connections.set(connection, ended);
  }

  /**
   * Allows clients something else from now on. Connections that are open stay open, also when there
   * are more than may be; their next wait, request and file are held to what is new.
   *
   * @param limits - what changes
   */
  changeLimits(limits: Partial<ServerLimits>): void {
    Object.assign(this.#limits, limits);
    this.#admission.changeLimits(this.#limits);
    if (limits.requestRate !== undefined) this.#services.rates.changeRate?.(limits.requestRate);
  }

  /**
   * Stops: takes no more connections, lets requests under way end as long as
   * `limits.drainTimeout` allows, and hangs up.
   *
   * @returns once everything that belonged to the connections is freed; handlers that do not heed
   *   their signal are waited for a few seconds only
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #listen(options: ListenOptions): Promise<void> {
    const { host = defaultHost, port = defaultPort, descriptor } = options;
    const { identity, logger } = this.#services;
    this.#listener = await listenTcp({
      host,
      port,
      descriptor,
      onConnection: (transport) => {
        this.accept(transport);
      },
      onError: (error) => {
        logger.error({ err: error }, 'a connection could not be taken');
      },
    });
    this.#hasServed = true;
    const { address } = this.#listener;
    logger.info({ ...address, fingerprint: fingerprint(identity.publicKey) }, 'listening');
  }

  #admit(peer: string): Ticket | undefined {
    const { observer, logger } = this.#services;
    return admit(this.#admission, peer, { observer, logger });
  }

  /** One by one: thousands at once would be more than an authorizer has files or sockets for. */
  async #review(): Promise<void> {
    for (const connection of this.#connections.keys()) await connection.review();
  }

  async #close(): Promise<void> {
    const { logger } = this.#services;
    this.#stopWatching?.();
    await this.#starting?.catch(() => undefined);
    await this.#listener?.close();
    const connections = [...this.#connections];
    await Promise.all(connections.map(([connection]) => connection.shutDown()));
    const patience = new AbortController();
    await Promise.race([
      Promise.all(connections.map(([, ended]) => ended)),
      delay(handlerPatience, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    const { size } = this.#connections;
    if (size > 0)
      logger.error({ connections: size }, 'commands go on after their connections ended');
    if (this.#hasServed) logger.info({}, 'closed');
  }
}
