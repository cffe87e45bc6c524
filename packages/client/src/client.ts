import type { CborMap, CborValue, CommandResult } from '@e2eeftp/protocol';

import type { ConnectionPool } from './connection/connection-pool.js';
import type { Greeting } from './connection/greeting.js';
import { Calls } from './operation/calls.js';
import { Closing } from './operation/closing.js';
import { Operations } from './operation/operations.js';
import type { CloseOptions, ConnectOptions, OperationOptions } from './options.js';
import { Requests } from './requests.js';
import { ServerFiles } from './server-files.js';
import { TransferContext } from './transfer/transfer-context.js';

/**
 * A client of one server. Made by {@link connect}.
 *
 * Every operation settles: with its result, or with a {@link ClientError}, within the timeouts
 * that {@link connect} was given, whatever the server does. When a connection breaks, what can be
 * asked again without harm is asked again over another, and transfers go on where they were.
 *
 * Operations may be called at the same time, over as many connections as the options allow. Await
 * one before calling another that depends on it.
 */
export class Client extends ServerFiles implements AsyncDisposable {
  /** What the first handshake and the server's first message said. */
  readonly greeting: Greeting;
  /**
   * The same files, for {@link Operations.runWhole}.
   *
   * @internal
   */
  readonly parts: ServerFiles;
  /** @internal */
  readonly operations: Operations;
  readonly #pool: ConnectionPool;
  readonly #calls: Calls;
  #closing: Closing | undefined;

  /** @internal */
  constructor(pool: ConnectionPool, greeting: Greeting, options: ConnectOptions) {
    const { facts, welcome } = greeting;
    const requests = new Requests(pool);
    const transfers = new TransferContext(requests, facts.peerIdentity, welcome, options);
    const operations = new Operations();
    const calls = new Calls(requests, transfers, operations);
    super(calls);
    this.parts = new ServerFiles(new Calls(requests, transfers, operations.parts));
    this.operations = operations;
    this.#pool = pool;
    this.#calls = calls;
    this.greeting = greeting;
  }

  /**
   * @param options - a signal
   * @returns the server's commands, with a sentence about each
   */
  commands(options: OperationOptions = {}): Promise<CommandResult<'HLIST'>> {
    return this.#calls.ask('HLIST', {}, 'Cannot list the commands', options);
  }

  /**
   * Waits for an answer that says nothing else.
   *
   * @param options - a signal
   * @returns how long it took, in milliseconds
   */
  async ping(options: OperationOptions = {}): Promise<number> {
    const start = performance.now();
    await this.#calls.operations.run(options, (signal) =>
      this.#calls.requests.call('PING', {}, 'Cannot ping the server', signal),
    );
    return performance.now() - start;
  }

  /**
   * @param options - a signal
   * @returns how the server sees this client
   */
  whoami(options: OperationOptions = {}): Promise<CommandResult<'WHOAMI'>> {
    return this.#calls.ask('WHOAMI', {}, 'Cannot ask who I am', options);
  }

  /**
   * Uses a command that the server's owner added to its table.
   *
   * @param command - its word
   * @param args - its arguments
   * @param options - a signal
   * @returns the answer's status and result, which are whatever the owner chose
   * @throws ClientError when the status is 400 or above
   */
  async request(
    command: string,
    args: CborMap,
    options: OperationOptions = {},
  ): Promise<{ status: number; result: CborValue }> {
    const what = `${command} failed`;
    return this.#calls.operations.run(options, async (signal) => {
      const request = { command, args, what, signal };
      const { response, body, release } = await this.#calls.requests.ask(request);
      body?.drop();
      release();
      return { status: response.status, result: response.result };
    });
  }

  /**
   * Closes the client when everything asked so far has succeeded or failed, attempts included. It may
   * be called again, to allow less time.
   *
   * @param options - how long that may take; by default, as long as the timeouts allow
   * @returns once the connections have ended
   */
  close({ timeout }: CloseOptions = {}): Promise<void> {
    this.#closing ??= new Closing(this.operations, this.#pool, this.#calls.transfers);
    if (timeout !== undefined) this.#closing.hurry(timeout);
    return this.#closing.ended;
  }

  /**
   * Closes the client at the end of an `await using` block. What is still under way then, after an
   * exception perhaps, is awaited by nobody in the block any more, and fails with `closed`.
   *
   * @returns once the connections have ended
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: 0 });
  }
}
