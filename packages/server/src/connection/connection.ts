import { defaultBackend, fingerprint } from '@e2eeftp/crypto';
import {
  ProtocolError,
  ServerSession,
  statusTexts,
  type HandshakeFacts,
  type ServerEvent,
  type Status,
} from '@e2eeftp/protocol';
import { TransportError, type Transport } from '@e2eeftp/transport';

import type { AuthorizedClient } from '../authorization/authorizer.js';
import { findStillAuthorized } from '../authorization/find-still-authorized.js';
import { withFields, type Logger } from '../logger.js';
import type { Store } from '../store/store.js';
import { storeFor } from './client-store.js';
import { CommandReporter } from './command-reporter.js';
import { Dispatcher } from './dispatcher.js';
import { linger, lingerTimeout } from './linger.js';
import { asError, logEnd } from './log-end.js';
import type { ServedConnection } from './served-connection.js';
import type { ConnectionServices } from './services.js';
import { untilAborted } from './until-aborted.js';
import { welcomeFor } from './welcome.js';

/**
 * One client's connection in the current generation of the protocol, from its first byte to its
 * last.
 */
export class Connection implements ServedConnection {
  readonly #services: ConnectionServices;
  readonly #transport: Transport;
  readonly #session: ServerSession;
  readonly #onEstablished: () => void;
  readonly #abort = new AbortController();
  #logger: Logger;
  #client: AuthorizedClient | undefined;
  #dispatcher: Dispatcher | undefined;
  #reporter: CommandReporter | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #idleTimeout = 0;
  #lingerTimer: NodeJS.Timeout | undefined;
  #isShuttingDown = false;
  #hasSaidLastWord = false;

  /**
   * @param transport - the connection, which this object owns from now on
   * @param services - what all connections of the server share
   * @param onEstablished - hears that the client is known; throws when that comes too late
   */
  constructor(transport: Transport, services: ConnectionServices, onEstablished: () => void) {
    this.#transport = transport;
    this.#services = services;
    this.#onEstablished = onEstablished;
    this.#logger = services.logger;
    const { identity } = services;
    this.#session = new ServerSession({ backend: defaultBackend, identity });
  }

  async run(): Promise<void> {
    let reason: Error = new ProtocolError('truncated', 'The connection has ended');
    try {
      await this.#receive();
      await this.#dispatcher?.drained();
      await this.#sayLastWord(this.#isShuttingDown ? 503 : 200);
      await linger(this.#transport);
    } catch (error) {
      // What ended the connection, not what that did to whoever was reading from it.
      reason = asError(this.#abort.signal.aborted ? this.#abort.signal.reason : error);
      logEnd(this.#logger, reason);
    } finally {
      clearTimeout(this.#idleTimer);
      clearTimeout(this.#lingerTimer);
      this.#destroy(reason);
      await this.#dispatcher?.drained();
      this.#reporter?.closed();
    }
  }

  async shutDown(): Promise<void> {
    this.#isShuttingDown = true;
    const timer = setTimeout(() => {
      this.#cutOff();
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

  async review(): Promise<void> {
    const admitted = this.#client;
    if (!admitted || this.#abort.signal.aborted) return;
    const { authorizer } = this.#services;
    const logger = this.#logger;
    const client = await findStillAuthorized({ admitted, generation: 2, authorizer, logger });
    if (client) await this.#update(client);
    else if (this.#dispatcher?.isIdle === true) this.#endWith(403);
    else this.#destroy(new TransportError('closed', 'The client is no longer authorized'));
  }

  /** What may change under a client that is connected counts from its next request on. */
  async #update(client: AuthorizedClient): Promise<void> {
    const isSame = client.quota === this.#client?.quota;
    this.#client = client;
    if (isSame) return;
    try {
      this.#dispatcher?.update(client, await storeFor(this.#services, client));
    } catch (error) {
      this.#destroy(asError(error));
    }
  }

  async #receive(): Promise<void> {
    for (;;) {
      const chunk = await this.#transport.read();
      if (this.#isOver()) return;
      if (chunk === undefined) {
        this.#session.finish();
        return;
      }
      for (const event of this.#session.receive(chunk)) {
        // What came in one piece with an earlier request is not begun either.
        if (this.#isOver()) return;
        if (event.type === 'established') {
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

  /** Whether nothing more is begun, since the last word is said; it throws what broke the connection. */
  #isOver(): boolean {
    if (this.#hasSaidLastWord) return true;
    this.#abort.signal.throwIfAborted();
    return false;
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
    this.#onEstablished();
    this.#logger = withFields(this.#logger, { client: who, name: client.name });
    this.#logger.info({ suite }, 'client connected');
    this.#client = client;
    this.#dispatcher = this.#dispatcherFor(client, await storeFor(this.#services, client));
    this.#watchIdleness();
    await this.#transport.write(this.#session.welcome(welcomeFor(client, commands, limits)));
    return true;
  }

  #dispatcherFor(client: AuthorizedClient, store: Store): Dispatcher {
    const { commands, cards, limits, rates, observer } = this.#services;
    this.#reporter = new CommandReporter({ logger: this.#logger, observer, generation: 2 });
    return new Dispatcher({
      session: this.#session,
      transport: this.#transport,
      commands,
      rates,
      reporter: this.#reporter,
      context: {
        client,
        store,
        cards,
        commands: commands.all,
        limits,
        logger: this.#logger,
        observer,
        signal: this.#abort.signal,
      },
      onFailure: (error) => {
        // What was cut off cannot be sent to its end; the client is still to hear why.
        if (!this.#hasSaidLastWord) this.#destroy(asError(error));
      },
      onActivity: () => {
        this.#watchIdleness();
      },
    });
  }

  /** Begins to wait anew; the time for it may have changed since. */
  #watchIdleness(): void {
    if (this.#hasSaidLastWord || this.#abort.signal.aborted) return;
    const { idleTimeout } = this.#services.limits;
    if (this.#idleTimer && this.#idleTimeout === idleTimeout) {
      this.#idleTimer.refresh();
      return;
    }
    clearTimeout(this.#idleTimer);
    this.#idleTimeout = idleTimeout;
    this.#idleTimer = setTimeout(() => {
      this.#closeIdle();
    }, idleTimeout);
  }

  #closeIdle(): void {
    if (this.#dispatcher?.isIdle === true) this.#endWith(408);
    else this.#watchIdleness();
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
   * Ends what is under way because time is up, and tells the client, in the middle of a body if
   * need be: it knows then that nothing broke, and can go on at once, here later or elsewhere.
   */
  #cutOff(): void {
    if (this.#hasSaidLastWord || this.#abort.signal.aborted) return;
    this.#logger.info({}, 'cut the client off: it was not done in time');
    this.#endWith(503);
    const reason = new TransportError('closed', 'The server did not wait any longer');
    this.#dispatcher?.fail(reason);
    this.#abort.abort(reason);
  }

  /** Ends the connection at once, and whatever is under way, since nobody may be reading. */
  #destroy(reason: Error): void {
    this.#transport.destroy(reason);
    this.#dispatcher?.fail(reason);
    this.#abort.abort(reason);
  }
}
