import { wipe, type V1Keys } from '@e2eeftp/crypto';
import {
  formatV1Command,
  parseV1Answer,
  V1LineReader,
  type V1Answer,
  type V1Command,
} from '@e2eeftp/protocol';
import { TransportError, type Transport } from '@e2eeftp/transport';

import { untilAborted } from '../connection/abort.js';
import { openTransport } from '../connection/open-transport.js';
import { verifierOf } from '../connection/server-verifier.js';
import { timeoutsOf } from '../connection/timeouts.js';
import { asClientError, ClientError, throwIfAborted } from '../errors.js';
import { shakeV1Hands } from './handshake.js';
import type { V1ClientOptions } from './options.js';

/**
 * A connection of the first generation, after its handshake: one command, and its answer. While
 * the server is awaited, something must move within the timeout `progress`.
 */
export class V1Connection {
  /** What payloads are sealed with, in both directions. */
  readonly keys: V1Keys;
  readonly #transport: Transport;
  readonly #progressTimeout: number;
  readonly #line = new V1LineReader();
  /** What came behind the answer's line, valid until the transport is read again. */
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * @param transport - the way to the server, which the caller destroys
   * @param keys - what the handshake gave
   * @param progressTimeout - milliseconds
   */
  constructor(transport: Transport, keys: V1Keys, progressTimeout: number) {
    this.#transport = transport;
    this.keys = keys;
    this.#progressTimeout = progressTimeout;
    transport.setIdleTimeout(progressTimeout);
  }

  /**
   * @param parts - what to send, which must not change afterwards
   * @returns once more may be sent
   */
  send(parts: readonly Uint8Array[]): Promise<void> {
    return this.#transport.write(parts);
  }

  /**
   * Waits for something of this side: meanwhile a connection that stands still says nothing of
   * the server.
   *
   * @param local - what to wait for
   * @returns what it gives
   */
  async whileLocal<Result>(local: Promise<Result>): Promise<Result> {
    this.#transport.setIdleTimeout(0);
    try {
      return await local;
    } finally {
      this.#transport.setIdleTimeout(this.#progressTimeout);
    }
  }

  /**
   * @returns what the server answers, refusals included
   * @throws ProtocolError when it is no answer
   */
  async answer(): Promise<V1Answer> {
    let deadline: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        const chunk = await this.#transport.read();
        if (!chunk) throw new ClientError('disconnected', 'The server hung up without an answer');
        const line = this.#line.push(chunk);
        if (line) {
          this.#rest = line.rest;
          return parseV1Answer(line.text);
        }
        // An answer that comes byte by byte moves, and could take days.
        deadline ??= destroyAfter(this.#transport, this.#progressTimeout, 'end its answer');
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * Reads what follows the answer.
   *
   * @param length - bytes that the server announced; what comes behind them is ignored
   * @returns them, each part valid until the next is asked for
   * @throws ClientError `disconnected` when they are not all there
   */
  async *body(length: number): AsyncGenerator<Uint8Array, void, void> {
    for (let missing = length; missing > 0;) {
      const chunk = this.#rest.length > 0 ? this.#rest : await this.#transport.read();
      this.#rest = new Uint8Array(0);
      if (!chunk) {
        throw new ClientError(
          'disconnected',
          `The server hung up ${missing} bytes before the end of what it announced`,
        );
      }
      const part = chunk.subarray(0, missing);
      missing -= part.length;
      this.#transport.setIdleTimeout(0);
      yield part;
      this.#transport.setIdleTimeout(this.#progressTimeout);
    }
  }
}

/**
 * Opens a connection, gives a command, sees to its answer, and ends the connection: a server of
 * the first generation takes one command a connection.
 *
 * @param options - how to reach the server, and as whom
 * @param command - what to ask; all of it goes over the wire in the clear
 * @param signal - ends it early: whatever waits for the server fails at once
 * @param task - what to do once the command was given
 * @returns what the task returns
 * @throws ClientError
 */
export async function overV1Connection<Result>(
  options: V1ClientOptions,
  { word, fields }: V1Command,
  signal: AbortSignal | undefined,
  task: (connection: V1Connection) => Promise<Result>,
): Promise<Result> {
  const { identity, server, timeouts } = options;
  const { handshake, progress } = timeoutsOf(timeouts);
  let transport: Transport | undefined;
  let keys: V1Keys | undefined;
  let deadline: NodeJS.Timeout | undefined;
  const abort = (): void => transport?.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const line = formatV1Command(word, fields);
    transport = await opened(options, signal);
    throwIfAborted(signal);
    deadline = destroyAfter(transport, handshake, 'finish the handshake');
    keys = await shakeV1Hands(transport, identity, verifierOf(server));
    clearTimeout(deadline);
    const connection = new V1Connection(transport, keys, progress);
    await connection.send([line]);
    return await task(connection);
  } catch (error) {
    throwIfAborted(signal);
    throw asClientError(error);
  } finally {
    signal?.removeEventListener('abort', abort);
    clearTimeout(deadline);
    transport?.destroy();
    if (keys) wipe(keys.encryption, keys.authentication);
  }
}

async function opened(
  options: V1ClientOptions,
  signal: AbortSignal | undefined,
): Promise<Transport> {
  throwIfAborted(signal);
  const opening = openTransport(options, signal);
  try {
    return await untilAborted(opening, signal);
  } catch (error) {
    // One that is there too late is nobody's.
    opening.then(
      (transport) => {
        transport.destroy();
      },
      () => undefined,
    );
    throw error;
  }
}

function destroyAfter(transport: Transport, milliseconds: number, what: string): NodeJS.Timeout {
  return setTimeout(() => {
    const message = `The server did not ${what} within ${milliseconds} ms`;
    transport.destroy(new TransportError('timed-out', message));
  }, milliseconds);
}
