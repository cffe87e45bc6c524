import { equalBytes, fingerprint } from '@e2eeftp/crypto';
import { defaultHost, defaultPort } from '@e2eeftp/protocol';
import { connectTcp, type Transport } from '@e2eeftp/transport';

import { asClientError, ClientError, throwIfAborted, UntrustedServerError } from '../errors.js';
import { defaultTimeouts, type ConnectOptions } from '../options.js';
import { untilAborted } from './abort.js';
import { Connection } from './connection.js';

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
    const { identity, timeouts } = this.#options;
    const { handshake, progress } = { ...defaultTimeouts, ...timeouts };
    const { signal } = this.#closing;
    let connection: Connection | undefined;
    try {
      connection = new Connection(await this.#openTransport(signal), {
        identity,
        verifyServer: this.#verifier(),
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

  #openTransport(signal: AbortSignal): Promise<Transport> {
    const { host = defaultHost, port = defaultPort, openTransport, timeouts } = this.#options;
    if (openTransport) return openTransport(signal);
    const timeout = timeouts?.connect ?? defaultTimeouts.connect;
    return connectTcp({ host, port, timeout, signal });
  }

  #verifier(): (serverIdentity: Uint8Array) => void {
    const { server } = this.#options;
    if (typeof server === 'function') return server;
    return (serverIdentity) => {
      if (equalBytes(server, serverIdentity)) return;
      throw new UntrustedServerError(
        'changed-server',
        `The server proved another key than expected: ${fingerprint(serverIdentity)} instead of ${fingerprint(server)}. Somebody may be in between, or the server has a new key; ask its operator`,
        serverIdentity,
      );
    };
  }
}
