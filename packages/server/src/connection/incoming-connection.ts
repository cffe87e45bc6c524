import { v1HelloPrefix } from '@e2eeftp/crypto';
import { PushbackTransport, TransportError, type Transport } from '@e2eeftp/transport';

import { withFields } from '../logger.js';
import { V1Connection } from '../v1/v1-connection.js';
import { Connection } from './connection.js';
import { logEnd } from './log-end.js';
import type { ServedConnection } from './served-connection.js';
import type { ConnectionServices } from './services.js';

/** Bytes by which the generations of the protocol differ. */
const prefixLength = v1HelloPrefix.length;

const v1Refused =
  "refused a client of the protocol's first generation; --allow-v1 (or --allow-v1=read) would admit such clients, but names and commands are then readable and can be forged on the way";

/**
 * A connection from its first byte on: finds out which generation of the protocol the client
 * speaks, and has it served accordingly. A client is held to one deadline for all that it does
 * before it is known.
 */
export class IncomingConnection implements ServedConnection {
  readonly #transport: PushbackTransport;
  readonly #services: ConnectionServices;
  #served: ServedConnection | undefined;

  /**
   * @param transport - the connection, which this object owns from now on
   * @param services - what all connections of the server share
   */
  constructor(transport: Transport, services: ConnectionServices) {
    this.#transport = new PushbackTransport(transport);
    this.#services = {
      ...services,
      logger: withFields(services.logger, { peer: transport.peer }),
    };
  }

  async run(): Promise<void> {
    const transport = this.#transport;
    const deadline = setTimeout(() => {
      transport.destroy(new TransportError('timed-out', 'The handshake took too long'));
    }, this.#services.limits.handshakeTimeout);
    try {
      const first = await transport.readExactly(prefixLength);
      transport.unread(first);
      this.#served = this.#connectionFor(first, () => {
        clearTimeout(deadline);
      });
      await this.#served?.run();
    } catch (error) {
      logEnd(this.#services.logger, error);
    } finally {
      clearTimeout(deadline);
      transport.destroy();
    }
  }

  async shutDown(): Promise<void> {
    if (this.#served) return this.#served.shutDown();
    this.#transport.destroy(new TransportError('closed', 'The server closes'));
  }

  async review(): Promise<void> {
    await this.#served?.review();
  }

  /** Whatever is not of the first generation is the second's to refuse. */
  #connectionFor(first: Uint8Array, onEstablished: () => void): ServedConnection | undefined {
    const services = this.#services;
    const isV1 = first.length > 0 && v1HelloPrefix.every((byte, index) => first[index] === byte);
    if (!isV1) return new Connection(this.#transport, services, onEstablished);
    if (services.v1) {
      return new V1Connection(this.#transport, { ...services, v1: services.v1 }, onEstablished);
    }
    services.logger.warn({}, v1Refused);
    return undefined;
  }
}
