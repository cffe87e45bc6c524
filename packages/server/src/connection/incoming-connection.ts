import { labels, v1HelloPrefix } from '@e2eeftp/crypto';
import { ProtocolError } from '@e2eeftp/protocol';
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

  /** Whoever speaks neither generation is gone at his first bytes, not at a deadline. */
  #connectionFor(first: Uint8Array, onEstablished: () => void): ServedConnection | undefined {
    const services = this.#services;
    const { v1 } = services;
    if (beginsWith(first, labels.magic)) {
      return new Connection(this.#transport, services, onEstablished);
    }
    if (!beginsWith(first, v1HelloPrefix)) {
      throw new ProtocolError('malformed', 'The client does not speak this protocol');
    }
    if (v1) return new V1Connection(this.#transport, { ...services, v1 }, onEstablished);
    services.logger.warn({}, v1Refused);
    return undefined;
  }
}

function beginsWith(bytes: Uint8Array, prefix: ArrayLike<number>): boolean {
  return Array.from(prefix).every((byte, index) => bytes[index] === byte);
}
