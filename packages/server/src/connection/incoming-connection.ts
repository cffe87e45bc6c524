import { labels, v1HelloPrefix } from '@e2eeftp/crypto';
import { ProtocolError } from '@e2eeftp/protocol';
import { PushbackTransport, TransportError, type Transport } from '@e2eeftp/transport';

import type { Ticket } from '../admission/admission.js';
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
  readonly #ticket: Ticket;
  readonly #services: ConnectionServices;
  #served: ServedConnection | undefined;

  /**
   * @param transport - the connection, which this object owns from now on
   * @param ticket - hears what becomes of the connection
   * @param services - what all connections of the server share
   */
  constructor(transport: Transport, ticket: Ticket, services: ConnectionServices) {
    this.#transport = new PushbackTransport(transport);
    this.#ticket = ticket;
    this.#services = {
      ...services,
      logger: withFields(services.logger, { peer: transport.peer }),
    };
  }

  async run(): Promise<void> {
    const transport = this.#transport;
    const { observer } = this.#services;
    const startedAt = performance.now();
    let hasBegun = false;
    let expiry: TransportError | undefined;
    const deadline = setTimeout(() => {
      expiry = new TransportError('timed-out', 'The handshake took too long');
      transport.destroy(expiry);
      // Who still waits for its turn has not failed.
      if (!hasBegun) this.#ticket.close(false);
    }, this.#services.limits.handshakeTimeout);
    // Who only looks whether somebody listens, such as a load balancer, has not failed.
    let hasFailed = false;
    try {
      await this.#ticket.begin();
      hasBegun = true;
      const start = await transport.read();
      hasFailed = start !== undefined;
      if (start) transport.unread(start);
      const first = await transport.readExactly(prefixLength);
      transport.unread(first);
      this.#served = this.#connectionFor(first, () => {
        // The client may have been looked up for that long.
        if (expiry) throw expiry;
        clearTimeout(deadline);
        hasFailed = false;
        this.#ticket.established();
        observer.handshakeEnded?.('established', performance.now() - startedAt);
      });
      await this.#served?.run();
    } catch (error) {
      logEnd(this.#services.logger, error);
    } finally {
      clearTimeout(deadline);
      transport.destroy();
      this.#ticket.close(hasFailed);
      if (hasFailed) observer.handshakeEnded?.('failed', performance.now() - startedAt);
    }
  }

  async shutDown(): Promise<void> {
    if (this.#served) return this.#served.shutDown();
    this.#transport.destroy(new TransportError('closed', 'The server closes'));
    this.#ticket.close(false);
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
