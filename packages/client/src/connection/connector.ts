import { asClientError, ClientError, throwIfAborted } from '../errors.js';
import { defaultTimeouts, type ConnectOptions } from '../options.js';
import { untilAborted } from './abort.js';
import { Connection } from './connection.js';
import { openTransport } from './open-transport.js';
import { verifierOf } from './server-verifier.js';

/**
 * Keeps a connection to one server, and opens another when it has ended.
 */
export class Connector {
  readonly #options: ConnectOptions;
  #connection: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  readonly #closing = new AbortController();

  /** @param options - how to reach the server, and as whom */
  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /**
   * @param signal - ends the wait early; others may wait for the same connection
   * @returns a connection that can be used
   * @throws ClientError
   */
  async connection(signal?: AbortSignal): Promise<Connection> {
    throwIfAborted(signal);
    if (this.#closing.signal.aborted) throw new ClientError('closed', 'The client is closed');
    if (this.#connection?.isOpen === true) return this.#connection;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return untilAborted(this.#opening, signal);
  }

  /**
   * Ends the connection when everything asked so far is answered. No other is opened.
   *
   * @returns once it has ended
   */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening?.catch(() => undefined);
    await this.#connection?.close();
  }

  async #open(): Promise<Connection> {
    const { identity, server, timeouts } = this.#options;
    const { handshake, progress } = { ...defaultTimeouts, ...timeouts };
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
    this.#connection = connection;
    return connection;
  }
}
