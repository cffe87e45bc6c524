import type {
  CborMap,
  CborValue,
  CommandArguments,
  CommandName,
  CommandResult,
  Entry,
  StoredFile,
} from '@e2eeftp/protocol';

import { checkedPath } from './checked-path.js';
import type { ConnectionPool } from './connection/connection-pool.js';
import type { Greeting } from './connection/greeting.js';
import { ClientError } from './errors.js';
import { listFolder } from './listing.js';
import { Closing } from './operation/closing.js';
import { Operations } from './operation/operations.js';
import type {
  CloseOptions,
  ConnectOptions,
  GetBytesOptions,
  GetOptions,
  ListOptions,
  MkdirOptions,
  OperationOptions,
  RangeOptions,
  RemoveOptions,
  RenameOptions,
  SendOptions,
} from './options.js';
import type { RemoteTree } from './remote-tree.js';
import { repeatableRemoval } from './removal.js';
import { keyringArgument, rangeArguments, Requests } from './requests.js';
import { download, readRange } from './transfer/download.js';
import { readBytes } from './transfer/read-bytes.js';
import { hasSameContent, requireDigests } from './transfer/same-content.js';
import type { UploadSource } from './transfer/source.js';
import type { DownloadTarget } from './transfer/target.js';
import { TransferContext } from './transfer/transfer-context.js';
import type { TransferMemory } from './transfer/transfer-memory.js';
import { upload } from './transfer/upload.js';

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
export class Client implements RemoteTree, AsyncDisposable {
  /** What the first handshake and the server's first message said. */
  readonly greeting: Greeting;
  /** @internal */
  readonly memory: TransferMemory;
  readonly #pool: ConnectionPool;
  readonly #requests: Requests;
  readonly #transfers: TransferContext;
  readonly #operations = new Operations();
  #closing: Closing | undefined;

  /** @internal */
  constructor(pool: ConnectionPool, greeting: Greeting, options: ConnectOptions) {
    const { facts, welcome } = greeting;
    this.#pool = pool;
    this.#requests = new Requests(pool);
    this.#transfers = new TransferContext(this.#requests, facts.peerIdentity, welcome, options);
    this.greeting = greeting;
    this.memory = this.#transfers.memory;
  }

  /** Whether the server keeps permissions of files: to others, none are sent. */
  get keepsPermissions(): boolean {
    return this.#transfers.keepsPermissions;
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
   * @example
   * ```ts
   * const { etag } = await client.send('report.pdf', 'received/report.pdf');
   * ```
   */
  send(source: UploadSource, path: string, options: SendOptions = {}): Promise<StoredFile> {
    return this.#operations.run(options, async (signal) =>
      upload(this.#transfers, source, checkedPath(path), { ...options, signal }),
    );
  }

  /**
   * Does what {@link Client.send} does, for who looks for the opposite of {@link Client.get}.
   *
   * @param source - a local path, bytes, or a stream of bytes
   * @param path - where to
   * @param options - what to do about an older file, progress, and more
   * @returns the file as the server has it
   * @throws ClientError
   */
  put(source: UploadSource, path: string, options: SendOptions = {}): Promise<StoredFile> {
    return this.send(source, path, options);
  }

  /**
   * Receives a file. A local file gets its name only when every byte has arrived and is durable.
   *
   * @param path - what
   * @param target - a local path, or a stream, which is neither ended nor destroyed
   * @param options - which part, what to do about an older file, progress, and more
   * @returns the file as the server has it
   * @throws ClientError
   * @example
   * ```ts
   * await client.get('received/report.pdf', 'report.pdf', { overwrite: 'never' });
   * ```
   */
  get(path: string, target: DownloadTarget, options: GetOptions = {}): Promise<StoredFile> {
    return this.#operations.run(options, async (signal) =>
      download(this.#transfers, checkedPath(path), target, { ...options, signal }),
    );
  }

  /**
   * Receives a file, or a part of one, into memory.
   *
   * @param path - what
   * @param options - how large it may be at most, which part, progress, and more
   * @returns the bytes
   * @throws ClientError `too-large` before anything is received, when it has more bytes than allowed
   * @example
   * ```ts
   * const text = (await client.getBytes('received/notes.txt', { maxSize: 100_000 })).toString();
   * ```
   */
  getBytes(path: string, options: GetBytesOptions = {}): Promise<Buffer> {
    return this.#operations.run(options, async (signal) =>
      readBytes(this.#transfers, checkedPath(path), { ...options, signal }),
    );
  }

  /**
   * Reads a file chunk by chunk. It keeps a connection busy meanwhile, so do not stop in the middle
   * without ending the loop.
   *
   * @param path - what
   * @param options - which part, progress, and more
   * @returns the bytes; the loop throws when they are not all there
   * @example
   * ```ts
   * for await (const chunk of client.read('received/log', { offset: 1000 })) hash.update(chunk);
   * ```
   */
  async *read(path: string, options: RangeOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    const operation = this.#operations.begin(options);
    const { signal } = operation;
    try {
      yield* readRange(this.#transfers, checkedPath(path), { ...options, signal });
    } finally {
      this.#operations.end(operation);
    }
  }

  /**
   * Lists a folder, as many pages as it takes, one of them ahead of the loop. Between them it keeps
   * nothing busy; a `timeout` goes for all of them, and for what the loop does with them.
   *
   * @param path - the folder; empty for the root
   * @param options - whether to go into its folders
   * @returns its entries in the order of their names, paths relative to the folder
   * @example
   * ```ts
   * for await (const { path, size } of client.list('received')) total += size;
   * ```
   */
  async *list(path: string, options: ListOptions = {}): AsyncGenerator<Entry, void, void> {
    const listed = { path: checkedPath(path), recursive: options.recursive ?? false };
    const what = `Cannot list ${path === '' ? 'the root' : path}`;
    const operation = this.#operations.begin(options);
    try {
      const { signal } = operation;
      yield* listFolder((args) => this.#ask('LIST', args, what, { signal }), listed, signal);
    } finally {
      // A loop that was left waits for no page, nor tries again to get it.
      operation.cut(new ClientError('aborted', 'The listing was left'));
      this.#operations.end(operation);
    }
  }

  /**
   * @param path - a file or folder
   * @param options - a signal
   * @returns what is there
   * @throws ClientError `not-found`
   */
  async stat(path: string, options: OperationOptions = {}): Promise<Entry> {
    const args = { path: checkedPath(path) };
    return this.#ask('STAT', args, `Cannot look at ${path}`, options);
  }

  /**
   * Asks for the SHA-256 of a file, or of a part of it, as the server reads it from its disk: at most
   * 256 MiB at once, and `length` says how many. Not for servers whose greeting lacks `DIGEST`.
   *
   * @param path - what
   * @param options - which part, and a signal
   * @returns the digest (32 bytes), what it is of, and the file
   * @throws ClientError `not-found`, `bad-range`, or `conflict` for another etag
   */
  async digest(
    path: string,
    options: Omit<RangeOptions, 'onProgress'> = {},
  ): Promise<CommandResult<'DIGEST'>> {
    const args = { path: checkedPath(path), ...rangeArguments(options) };
    return this.#ask('DIGEST', args, `Cannot compare ${path}`, options);
  }

  /** @throws ClientError `bad-request` when the server cannot compare content: it lacks `DIGEST` */
  requireComparison(): void {
    requireDigests(this.greeting.welcome);
  }

  /**
   * Compares a file with a local one. The server reads its own, so that no content moves.
   *
   * @param path - what
   * @param local - the path of a local file
   * @param options - a signal
   * @returns whether both have the same bytes; no when one of them changes meanwhile
   * @throws ClientError `not-found`, `local-file`
   */
  hasContentOf(path: string, local: string, options: OperationOptions = {}): Promise<boolean> {
    return hasSameContent(local, (range) => this.digest(path, { ...range, ...options }), options);
  }

  /**
   * Removes a file, or a folder. What somebody else puts there meanwhile is not removed in a further
   * attempt.
   *
   * @param path - what
   * @param options - which version of it, and whether a folder may go with all that is in it
   * @throws ClientError `not-found`, or `conflict` for a folder that is not empty or another version
   */
  async remove(path: string, options: RemoveOptions = {}): Promise<void> {
    const { recursive = false } = options;
    const target = { path: checkedPath(path), recursive, ...keyringArgument(options) };
    const attempt = repeatableRemoval(this.#requests, target, options.etag);
    await this.#retried(options, attempt);
  }

  /**
   * Gives a file or folder another name.
   *
   * @param from - what
   * @param to - the name; missing folders are made
   * @param options - what to do about a file that is there already; by default it is kept
   * @throws ClientError `not-found` or `conflict`
   */
  async rename(from: string, to: string, options: RenameOptions = {}): Promise<void> {
    const { overwrite = 'never' } = options;
    const policy = typeof overwrite === 'string' ? overwrite : overwrite.etag;
    const paths = { from: checkedPath(from), to: checkedPath(to) };
    const args = { ...paths, overwrite: policy, ...keyringArgument(options) };
    const what = `Cannot rename ${from} to ${to}`;
    // Not again: nobody could tell its own success from somebody else's change.
    await this.#operations.run(options, (signal) =>
      this.#requests.call('RENAME', args, what, signal),
    );
  }

  /**
   * Makes a folder and those above it. One that exists is fine.
   *
   * @param path - the folder
   * @param options - a signal
   * @throws ClientError `conflict` when a file is in the way
   */
  async mkdir(path: string, options: MkdirOptions = {}): Promise<void> {
    const args = { path: checkedPath(path), ...keyringArgument(options) };
    await this.#ask('MKDIR', args, `Cannot make the folder ${path}`, options);
  }

  /**
   * Gives a file other permissions. Not for servers for which {@link Client.keepsPermissions} is false.
   *
   * @param path - a file
   * @param mode - its permission bits, up to 0o777; the server can always read and write it
   * @param options - a signal
   * @returns the file as the server has it then
   * @throws ClientError `not-found`, also for a folder
   */
  async chmod(path: string, mode: number, options: OperationOptions = {}): Promise<StoredFile> {
    const args = { path: checkedPath(path), mode };
    return this.#ask('CHMOD', args, `Cannot change the permissions of ${path}`, options);
  }

  /**
   * @param options - a signal
   * @returns the server's commands, with a sentence about each
   */
  commands(options: OperationOptions = {}): Promise<CommandResult<'HLIST'>> {
    return this.#ask('HLIST', {}, 'Cannot list the commands', options);
  }

  /**
   * Waits for an answer that says nothing else.
   *
   * @param options - a signal
   * @returns how long it took, in milliseconds
   */
  async ping(options: OperationOptions = {}): Promise<number> {
    const start = performance.now();
    await this.#operations.run(options, (signal) =>
      this.#requests.call('PING', {}, 'Cannot ping the server', signal),
    );
    return performance.now() - start;
  }

  /**
   * @param options - a signal
   * @returns how the server sees this client
   */
  whoami(options: OperationOptions = {}): Promise<CommandResult<'WHOAMI'>> {
    return this.#ask('WHOAMI', {}, 'Cannot ask who I am', options);
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
    return this.#operations.run(options, async (signal) => {
      const request = { command, args, what, signal };
      const { response, body, release } = await this.#requests.ask(request);
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
    this.#closing ??= new Closing(this.#operations, this.#pool, this.#transfers);
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

  /** Asks for what can be asked again without harm. */
  #ask<Name extends CommandName>(
    command: Name,
    args: CommandArguments<Name>,
    what: string,
    options: OperationOptions,
  ): Promise<CommandResult<Name>> {
    return this.#retried(options, (signal) => this.#requests.call(command, args, what, signal));
  }

  #retried<Result>(
    options: OperationOptions,
    attempt: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return this.#operations.run(options, (signal) =>
      this.#transfers.retry({ signal, mayRetry: true }, () => attempt(signal)),
    );
  }
}
