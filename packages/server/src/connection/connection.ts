import { CryptoError, defaultBackend, fingerprint, type Identity } from '@e2eeftp/crypto';
import {
  ProtocolError,
  ServerSession,
  statusTexts,
  type HandshakeFacts,
  type ServerEvent,
  type Status,
} from '@e2eeftp/protocol';
import { TransportError, type Transport } from '@e2eeftp/transport';

import type { AuthorizedClient, Authorizer } from '../authorization/authorizer.js';
import type { CommandTable } from '../command/command-table.js';
import type { ServerLimits } from '../limits.js';
import { withFields, type Logger } from '../logger.js';
import type { Store } from '../store/store.js';
import { Dispatcher } from './dispatcher.js';
import { welcomeFor } from './welcome.js';

/** What all connections of a server share. */
export interface ConnectionServices {
  readonly identity: Identity;
  readonly authorizer: Authorizer;
  readonly store: Store;
  readonly commands: CommandTable;
  readonly limits: ServerLimits;
  readonly logger: Logger;
}

/** How long a peer may take to hear our last word and hang up. */
const lingerTimeout = 2000;

/**
 * One client's connection, from its first byte to its last.
 */
export class Connection {
  readonly #services: ConnectionServices;
  readonly #transport: Transport;
  readonly #session: ServerSession;
  readonly #abort = new AbortController();
  #logger: Logger;
  #client: AuthorizedClient | undefined;
  #dispatcher: Dispatcher | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #isShuttingDown = false;
  #hasSaidLastWord = false;

  /**
   * @param transport - the connection, which this object owns from now on
   * @param services - what all connections of the server share
   */
  constructor(transport: Transport, services: ConnectionServices) {
    this.#transport = transport;
    this.#services = services;
    this.#logger = withFields(services.logger, { peer: transport.peer });
    const { identity } = services;
    this.#session = new ServerSession({ backend: defaultBackend, identity });
  }

  /**
   * Serves the client until one side ends the connection. It never fails.
   *
   * @returns once everything that belonged to the connection is freed
   */
  async run(): Promise<void> {
    const { handshakeTimeout } = this.#services.limits;
    const deadline = setTimeout(() => {
      this.#destroy(new TransportError('timed-out', 'The handshake took too long'));
    }, handshakeTimeout);
    let reason: Error = new ProtocolError('truncated', 'The connection has ended');
    try {
      await this.#receive(deadline);
      await this.#dispatcher?.drained();
      await this.#sayLastWord(this.#isShuttingDown ? 503 : 200);
      await this.#linger();
      this.#logger.debug({}, 'connection closed');
    } catch (error) {
      reason = asError(error);
      this.#logEnd(error);
    } finally {
      clearTimeout(deadline);
      clearTimeout(this.#idleTimer);
      clearTimeout(this.#lingerTimer);
      this.#destroy(reason);
      await this.#dispatcher?.drained();
    }
  }

  /**
   * Ends the connection because the server closes: requests under way are answered first, as
   * long as there is time for it. `run` settles soon afterwards.
   *
   * @returns once the last word is said, or the time for it is over
   */
  async shutDown(): Promise<void> {
    this.#isShuttingDown = true;
    const timer = setTimeout(() => {
      this.#destroy(new TransportError('closed', 'The server did not wait any longer'));
    }, this.#services.limits.drainTimeout);
    try {
      if (!this.#dispatcher) this.#destroy(new TransportError('closed', 'The server closes'));
      await Promise.race([this.#dispatcher?.drained(), untilAborted(this.#abort.signal)]);
      await this.#sayLastWord(503);
    } catch (error) {
      this.#logger.debug({ err: error }, 'the client did not hear that the server closes');
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Looks whether the client may still do what it could when it came, and ends the connection at
   * once when not, or when that cannot be said. It never fails.
   */
  async review(): Promise<void> {
    const admitted = this.#client;
    if (!admitted || this.#abort.signal.aborted) return;
    try {
      const client = await this.#services.authorizer.authorize(admitted.identity);
      if (client?.access === admitted.access) return;
      this.#logger.warn({}, 'ended a connection: its client has lost its authorization');
    } catch (error) {
      this.#logger.error({ err: error }, 'ended a connection: its client cannot be looked up');
    }
    if (this.#dispatcher?.isIdle === true) this.#endWith(403);
    else this.#destroy(new TransportError('closed', 'The client is no longer authorized'));
  }

  async #receive(deadline: NodeJS.Timeout): Promise<void> {
    for (;;) {
      const chunk = await this.#transport.read();
      if (this.#hasSaidLastWord) return;
      if (chunk === undefined) {
        this.#session.finish();
        return;
      }
      for (const event of this.#session.receive(chunk)) {
        if (event.type === 'established') {
          clearTimeout(deadline);
          if (!(await this.#admit(event.facts))) return;
          continue;
        }
        if (event.type === 'request' && this.#isShuttingDown) return;
        if (event.type === 'close') {
          // A body that is not ended by now never will be.
          this.#dispatcher?.end({ ok: false, text: '' });
          return;
        }
        const pending = this.#handle(event);
        if (pending) await pending;
      }
    }
  }

  #handle(
    event: Exclude<ServerEvent, { type: 'established' | 'close' }>,
  ): Promise<void> | undefined {
    switch (event.type) {
      case 'send':
        return this.#transport.write([event.bytes]);
      case 'request':
        return this.#dispatcher?.begin(event.request);
      case 'data':
        return this.#dispatcher?.data(event);
      case 'end':
        this.#dispatcher?.end(event.end);
        return undefined;
    }
  }

  /** Lets the client in, or tells it that it is not known. */
  async #admit({ peerIdentity, suite }: HandshakeFacts): Promise<boolean> {
    const { authorizer, commands, limits } = this.#services;
    const client = await authorizer.authorize(peerIdentity);
    const who = fingerprint(peerIdentity);
    if (!client) {
      this.#logger.warn({ client: who }, 'refused a client that is not authorized');
      await this.#sayLastWord(403);
      return false;
    }
    this.#logger = withFields(this.#logger, { client: who, name: client.name });
    this.#logger.info({ suite }, 'client connected');
    this.#client = client;
    this.#dispatcher = this.#dispatcherFor(client);
    this.#idleTimer = setTimeout(() => {
      this.#closeIdle();
    }, limits.idleTimeout);
    await this.#transport.write(this.#session.welcome(welcomeFor(client, commands, limits)));
    return true;
  }

  #dispatcherFor(client: AuthorizedClient): Dispatcher {
    const { store, commands, limits } = this.#services;
    return new Dispatcher({
      session: this.#session,
      transport: this.#transport,
      commands,
      context: {
        client,
        store,
        commands: commands.all,
        limits,
        logger: this.#logger,
        signal: this.#abort.signal,
      },
      onFailure: (error) => {
        this.#destroy(asError(error));
      },
      onActivity: () => {
        this.#idleTimer?.refresh();
      },
    });
  }

  #closeIdle(): void {
    if (this.#dispatcher?.isIdle === true) this.#endWith(408);
    else this.#idleTimer?.refresh();
  }

  /** Says the last word without waiting until it is said. */
  #endWith(status: Status): void {
    this.#sayLastWord(status).catch((error: unknown) => {
      this.#destroy(asError(error));
    });
  }

  /** Says why no more will come; saying it again, or when all has ended, does nothing. */
  async #sayLastWord(status: Status): Promise<void> {
    if (this.#hasSaidLastWord || this.#abort.signal.aborted) return;
    this.#hasSaidLastWord = true;
    this.#transport.setIdleTimeout(0);
    this.#lingerTimer = setTimeout(() => {
      this.#destroy(new TransportError('closed', 'The client did not hang up'));
    }, lingerTimeout);
    const bytes = this.#session.close({ status, text: statusTexts[status] });
    if (bytes.length > 0) await this.#transport.write(bytes);
    await this.#transport.end();
  }

  /**
   * Gives the client a moment to hear the last word: hanging up on bytes that were not read
   * would make the network throw away what we said.
   */
  async #linger(): Promise<void> {
    try {
      while ((await this.#transport.read()) !== undefined);
    } catch {
      // The client hung up without reading to the end; there was nothing left to lose.
    }
  }

  /** Ends the connection at once, and whatever is under way, since nobody may be reading. */
  #destroy(reason: Error): void {
    this.#transport.destroy(reason);
    this.#dispatcher?.fail(reason);
    this.#abort.abort(reason);
  }

  #logEnd(error: unknown): void {
    const isPeers =
      error instanceof TransportError ||
      error instanceof ProtocolError ||
      error instanceof CryptoError;
    if (isPeers) this.#logger.info({ reason: error.message }, 'connection ended');
    else this.#logger.error({ err: error }, 'connection failed');
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown failure', { cause: error });
}
