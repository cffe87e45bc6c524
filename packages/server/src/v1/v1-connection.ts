import {
  defaultBackend,
  fingerprint,
  openV1Hello,
  V1Handshake,
  v1HelloLength,
  wipe,
  type V1Hello,
  type V1Keys,
} from '@e2eeftp/crypto';
import { TransportError, type PushbackTransport } from '@e2eeftp/transport';

import type { AuthorizedClient } from '../authorization/authorizer.js';
import { findStillAuthorized } from '../authorization/find-still-authorized.js';
import { CommandReporter } from '../connection/command-reporter.js';
import { linger, lingerTimeout } from '../connection/linger.js';
import { asError, logEnd } from '../connection/log-end.js';
import type { ServedConnection } from '../connection/served-connection.js';
import { untilAborted } from '../connection/until-aborted.js';
import { withFields, type Logger } from '../logger.js';
import { V1Responder, type V1Services } from './v1-responder.js';

/**
 * One client's connection in the protocol's first generation: a handshake and one command. Whoever
 * is refused hears nothing at all.
 */
export class V1Connection implements ServedConnection {
  readonly #services: V1Services;
  readonly #transport: PushbackTransport;
  readonly #onEstablished: () => void;
  readonly #abort = new AbortController();
  #logger: Logger;
  #client: AuthorizedClient | undefined;
  #responder: V1Responder | undefined;
  #reporter: CommandReporter | undefined;
  #answered: Promise<void> = Promise.resolve();

  /**
   * @param transport - the connection, which this object owns from now on
   * @param services - what all connections of the server share
   * @param onEstablished - hears that the client is known
   */
  constructor(transport: PushbackTransport, services: V1Services, onEstablished: () => void) {
    this.#transport = transport;
    this.#services = services;
    this.#onEstablished = onEstablished;
    this.#logger = withFields(services.logger, { generation: 1 });
  }

  async run(): Promise<void> {
    let reason: Error = new TransportError('closed', 'The connection has ended');
    try {
      const hello = openV1Hello(defaultBackend, await this.#transport.readExactly(v1HelloLength));
      const client = await this.#admit(hello.identity);
      if (client) await this.#serve(client, hello);
    } catch (error) {
      reason = asError(error);
      logEnd(this.#logger, error);
    } finally {
      this.#destroy(reason);
      this.#reporter?.closed();
    }
  }

  async shutDown(): Promise<void> {
    if (this.#responder?.isBusy !== true) {
      this.#destroy(new TransportError('closed', 'The server closes'));
      return;
    }
    const timer = setTimeout(() => {
      this.#destroy(new TransportError('closed', 'The server did not wait any longer'));
    }, this.#services.limits.drainTimeout);
    // A client that goes away meanwhile has ended its own connection, not the server's closing.
    await Promise.race([this.#answered.catch(() => undefined), untilAborted(this.#abort.signal)]);
    clearTimeout(timer);
  }

  async review(): Promise<void> {
    const admitted = this.#client;
    if (!admitted || this.#abort.signal.aborted) return;
    const { authorizer } = this.#services;
    const logger = this.#logger;
    if (await findStillAuthorized({ admitted, generation: 1, authorizer, logger })) return;
    this.#destroy(new TransportError('closed', 'The client is no longer authorized'));
  }

  async #admit(identity: Uint8Array): Promise<AuthorizedClient | undefined> {
    const client = await this.#services.authorizer.authorize(identity);
    this.#logger = withFields(this.#logger, { client: fingerprint(identity), name: client?.name });
    if (!client) {
      this.#logger.warn({}, 'refused a client that is not authorized');
      return undefined;
    }
    if (client.v1 !== true) {
      this.#logger.warn(
        {},
        'refused a client whose key may not come by the first generation; write v1 behind its key in authorized_clients.pub to allow it',
      );
      return undefined;
    }
    this.#client = client;
    return client;
  }

  async #serve(client: AuthorizedClient, hello: V1Hello): Promise<void> {
    const { identity, v1 } = this.#services;
    const handshake = new V1Handshake({ backend: defaultBackend, identity });
    // Before the claim: a hello that leads nowhere is not worth remembering.
    const keys = handshake.agree(hello);
    try {
      if (!(await v1.hellos.claim(hello.identity, hello.ephemeral))) {
        this.#logger.warn(
          {},
          'refused a hello that was used before: somebody may have recorded it',
        );
        return;
      }
      await this.#transport.write([handshake.hello]);
      this.#onEstablished();
      this.#logger.info({}, 'client connected');
      this.#answered = this.#respond(client, keys);
      await this.#answered;
    } finally {
      wipe(keys.encryption, keys.authentication);
    }
    await this.#hangUp();
  }

  #respond(client: AuthorizedClient, keys: V1Keys): Promise<void> {
    const { observer } = this.#services;
    this.#reporter = new CommandReporter({ logger: this.#logger, observer, generation: 1 });
    this.#responder = new V1Responder({
      transport: this.#transport,
      keys,
      client,
      services: this.#services,
      logger: this.#logger,
      reporter: this.#reporter,
      signal: this.#abort.signal,
    });
    return this.#responder.respond();
  }

  async #hangUp(): Promise<void> {
    // The end of an answer may still be here, and a slow client takes its time to fetch it.
    this.#transport.setIdleTimeout(this.#services.limits.progressTimeout);
    await this.#transport.end();
    this.#transport.setIdleTimeout(0);
    const timer = setTimeout(() => {
      this.#transport.destroy();
    }, lingerTimeout);
    await linger(this.#transport);
    clearTimeout(timer);
  }

  #destroy(reason: Error): void {
    this.#transport.destroy(reason);
    this.#abort.abort(reason);
  }
}
