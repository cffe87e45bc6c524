import { ProtocolError, type HandshakeFacts, type Welcome } from '@e2eeftp/protocol';

import type { ClientError } from '../errors.js';

/** What the handshake and the server's first message say. */
export interface Greeting {
  /** What the handshake settled. */
  readonly facts: HandshakeFacts;
  /** What the server says of itself. */
  readonly welcome: Welcome;
}

/** Waits for a connection's greeting, for a bounded time. */
export class GreetingWait {
  /** The greeting, or why there is none. */
  readonly greeting: Promise<Greeting>;
  readonly #deadline: NodeJS.Timeout;
  #facts: HandshakeFacts | undefined;
  #resolve: (greeting: Greeting) => void = () => undefined;
  #reject: (error: ClientError) => void = () => undefined;

  /**
   * @param timeout - milliseconds
   * @param onTimeout - is to end the connection when there is no greeting by then
   */
  constructor(timeout: number, onTimeout: () => void) {
    this.greeting = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever opens the connection may have given up waiting, which is no unhandled failure.
    this.greeting.catch(() => undefined);
    this.#deadline = setTimeout(onTimeout, timeout);
  }

  /** @param facts - what the handshake has settled */
  establish(facts: HandshakeFacts): void {
    this.#facts = facts;
  }

  /**
   * @param welcome - the server's first message
   * @throws ProtocolError when the handshake has not ended
   */
  welcome(welcome: Welcome): void {
    if (!this.#facts) throw new ProtocolError('malformed', 'The server spoke too early');
    clearTimeout(this.#deadline);
    this.#resolve({ facts: this.#facts, welcome });
  }

  /** @param error - why the connection has ended; after the greeting, it changes nothing */
  fail(error: ClientError): void {
    clearTimeout(this.#deadline);
    this.#reject(error);
  }
}
