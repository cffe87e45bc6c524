import {
  comparePaths,
  parsePath,
  type CborMap,
  type CborValue,
  type CommandArguments,
  type CommandName,
  type CommandResult,
  type Entry,
  type StoredFile,
} from '@e2eeftp/protocol';

import type { Greeting } from './connection/connection.js';
import { ConnectionPool } from './connection/connection-pool.js';
import { asClientError, ClientError } from './errors.js';
import type {
  ConnectOptions,
  GetOptions,
  ListOptions,
  OperationOptions,
  RangeOptions,
  SendOptions,
} from './options.js';
import { Requests } from './requests.js';
import { download, readRange } from './transfer/download.js';
import type { UploadSource } from './transfer/source.js';
import type { DownloadTarget } from './transfer/target.js';
import { TransferContext } from './transfer/transfer-context.js';
import { upload } from './transfer/upload.js';

/**
 * Connects to a server.
 *
 * @param options - how to reach it, as whom, and which server to trust
 * @returns the client, to be closed
 * @throws ClientError when there is no connection, or no trust in either direction
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const pool = new ConnectionPool(options);
  try {
    const { connection, release } = await pool.lease('request', options.signal);
    release();
    return new Client(pool, await connection.greeting, options);
  } catch (error) {
    // Whoever gave up gets no client that could be closed: what is still being opened is not theirs.
    void pool.close();
    throw error;
  }
}

/**
 * A client of one server. Made by {@link connect}.
 *
 * Every operation settles: with its result, or with a {@link ClientError}, within the timeouts
 * that {@link connect} was given, whatever the server does. When a connection breaks, what can be
 * asked again without harm is asked again over another, and transfers go on where they were.
 *
 * Operations may be called at the same time, over as many connections as the options allow. Await
 * one before calling another that depends on it.
 * Paths are those of the server's tree, such as `received/report.pdf`.
 */
export class Client implements AsyncDisposable {
  /** What the first handshake and the server's first message said. */
  readonly greeting: Greeting;
  readonly #pool: ConnectionPool;
  readonly #requests: Requests;
  readonly #transfers: TransferContext;
  /** Those that {@link Client.close} waits for. */
  readonly #operations = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(pool: ConnectionPool, greeting: Greeting, options: ConnectOptions) {
    const { facts, welcome } = greeting;
    this.#pool = pool;
    this.#requests = new Requests(pool);
    this.#transfers = new TransferContext(
      this.#requests,
      facts.peerIdentity,
      welcome.commands,
      options,
    );
    this.greeting = greeting;
  }

  /**
   * Sends a file. It replaces an older one whole, and only when every byte has arrived and is
   * durable at the server.
   *
   * @param source - a local path, bytes, or a stream of bytes
   * @param path - where to
   * @param options - what to do about an older file, progress, and more
   * @returns the file as the server has it
   * @throws ClientError
   */
  async send(source: UploadSource, path: string, options: SendOptions = {}): Promise<StoredFile> {
    return this.#track(() => upload(this.#transfers, source, checkPath(path), options));
  }

  /**
   * Receives a file. A local file gets its name only when every byte has arrived and is durable.
   *
   * @param path - what
   * @param target - a local path, or a stream, which is neither ended nor destroyed
   * @param options - which part, what to do about an older file, progress, and more
   * @returns the file as the server has it
   * @throws ClientError
   */
  async get(path: string, target: DownloadTarget, options: GetOptions = {}): Promise<StoredFile> {
    return this.#track(() => download(this.#transfers, checkPath(path), target, options));
  }

  /**
   * Reads a file chunk by chunk: `for await (const chunk of client.read(path)) …`. It keeps a
   * connection busy meanwhile, so do not stop in the middle without ending the loop.
   *
   * @param path - what
   * @param options - which part, progress, and more
   * @returns the bytes; the loop throws when they are not all there
   */
  async *read(path: string, options: RangeOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    yield* readRange(this.#transfers, checkPath(path), options);
  }

  /**
   * Lists a folder, as many pages as it takes: `for await (const entry of client.list(path)) …`.
   *
   * @param path - the folder; empty for the root
   * @param options - whether to go into its folders
   * @returns its entries in the order of their names, paths relative to the folder
   */
  async *list(path: string, options: ListOptions = {}): AsyncGenerator<Entry, void, void> {
    const { recursive, signal } = options;
    const what = `Cannot list ${path === '' ? 'the root' : path}`;
    const args = { path: checkPath(path), ...(recursive !== undefined && { recursive }) };
    let cursor: string | undefined;
    let last: string | undefined;
    do {
      const page: CommandResult<'LIST'> = await this.#ask(
        'LIST',
        { ...args, ...(cursor !== undefined && { cursor }) },
        what,
        signal,
      );
      for (const entry of page.entries) {
        // A server that repeats itself would keep us listing for ever.
        if (last !== undefined && comparePaths(entry.path, last) <= 0) throw outOfOrder();
        last = entry.path;
        yield entry;
      }
      const isStuck = page.entries.length === 0 || page.cursor !== last;
      if (page.cursor !== undefined && isStuck) throw outOfOrder();
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /**
   * @param path - a file or folder
   * @param options - a signal
   * @returns what is there
   * @throws ClientError `not-found`
   */
  async stat(path: string, options: OperationOptions = {}): Promise<Entry> {
    const args = { path: checkPath(path) };
    return this.#ask('STAT', args, `Cannot look at ${path}`, options.signal);
  }

  /**
   * Removes a file, or a folder.
   *
   * @param path - what
   * @param options - whether a folder may go with all that is in it
   * @throws ClientError `not-found`, or `conflict` for a folder that is not empty
   */
  async remove(
    path: string,
    options: OperationOptions & { readonly recursive?: boolean } = {},
  ): Promise<void> {
    const { recursive = false, signal } = options;
    const args = { path: checkPath(path), recursive };
    let attempts = 0;
    await this.#retried(signal, async () => {
      attempts += 1;
      try {
        await this.#requests.call('DELETE', args, `Cannot remove ${path}`, signal);
      } catch (error) {
        // An earlier attempt has done it, and only its answer was lost.
        if (!(attempts > 1 && error instanceof ClientError && error.code === 'not-found'))
          throw error;
      }
    });
  }

  /**
   * Gives a file or folder another name.
   *
   * @param from - what
   * @param to - the name; missing folders are made
   * @param options - what to do about a file that is there already; by default it is kept
   * @throws ClientError `not-found` or `conflict`
   */
  async rename(
    from: string,
    to: string,
    options: OperationOptions & Pick<SendOptions, 'overwrite'> = {},
  ): Promise<void> {
    const { overwrite = 'never', signal } = options;
    const policy = typeof overwrite === 'string' ? overwrite : overwrite.etag;
    const args = { from: checkPath(from), to: checkPath(to), overwrite: policy };
    const what = `Cannot rename ${from} to ${to}`;
    // Not again: nobody could tell its own success from somebody else's change.
    await this.#track(() => this.#requests.call('RENAME', args, what, signal));
  }

  /**
   * Makes a folder and those above it. One that exists is fine.
   *
   * @param path - the folder
   * @param options - a signal
   * @throws ClientError `conflict` when a file is in the way
   */
  async mkdir(path: string, options: OperationOptions = {}): Promise<void> {
    const args = { path: checkPath(path) };
    await this.#ask('MKDIR', args, `Cannot make the folder ${path}`, options.signal);
  }

  /**
   * @param options - a signal
   * @returns the server's commands, with a sentence about each
   */
  commands(options: OperationOptions = {}): Promise<CommandResult<'HLIST'>> {
    return this.#ask('HLIST', {}, 'Cannot list the commands', options.signal);
  }

  /**
   * Waits for an answer that says nothing else.
   *
   * @param options - a signal
   * @returns how long it took, in milliseconds
   */
  async ping(options: OperationOptions = {}): Promise<number> {
    const start = performance.now();
    const { signal } = options;
    await this.#track(() => this.#requests.call('PING', {}, 'Cannot ping the server', signal));
    return performance.now() - start;
  }

  /**
   * @param options - a signal
   * @returns how the server sees this client
   */
  whoami(options: OperationOptions = {}): Promise<CommandResult<'WHOAMI'>> {
    return this.#ask('WHOAMI', {}, 'Cannot ask who I am', options.signal);
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
    const request = { command, args, what, ...options };
    return this.#track(async () => {
      const { response, body, release } = await this.#requests.ask(request);
      body?.drop();
      release();
      return { status: response.status, result: response.result };
    });
  }

  /**
   * Closes the client when everything asked so far has succeeded or failed.
   *
   * @returns once the connections have ended
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#operations);
    await this.#pool.close();
    await this.#transfers.close();
  }

  /** Asks for what can be asked again without harm. */
  #ask<Name extends CommandName>(
    command: Name,
    args: CommandArguments<Name>,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<CommandResult<Name>> {
    return this.#retried(signal, () => this.#requests.call(command, args, what, signal));
  }

  #retried<Result>(
    signal: AbortSignal | undefined,
    attempt: () => Promise<Result>,
  ): Promise<Result> {
    return this.#track(() => this.#transfers.retry({ signal, mayRetry: true }, attempt));
  }

  /** What was asked before the client is closed is carried out. */
  async #track<Result>(operation: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new ClientError('closed', 'The client is closed');
    const result = operation();
    this.#operations.add(result);
    try {
      return await result;
    } finally {
      this.#operations.delete(result);
    }
  }

  /** Closes the client at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function checkPath(path: string): string {
  try {
    return parsePath(path);
  } catch (error) {
    throw asClientError(error);
  }
}

function outOfOrder(): ClientError {
  return new ClientError('not-e2eeftp', 'The server sent a listing that is out of order');
}
