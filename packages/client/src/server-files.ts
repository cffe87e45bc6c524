import type { SmallFiles } from '@e2eeftp/file-io';
import type { CommandArguments, CommandResult, Entry, StoredFile } from '@e2eeftp/protocol';
import type { VaultThreads } from '@e2eeftp/vault-threads';

import { checkedPath } from './checked-path.js';
import { ClientError, throwIfAborted } from './errors.js';
import { listPages } from './listing.js';
import type { Calls } from './operation/calls.js';
import type {
  GetBytesOptions,
  GetOptions,
  GetTogetherOptions,
  ListOptions,
  MkdirOptions,
  OperationOptions,
  RangeOptions,
  RemoveOptions,
  RenameOptions,
  SendOptions,
  SendTogetherOptions,
} from './options.js';
import type { RemoteTree } from './remote-tree.js';
import { repeatableRemoval } from './removal.js';
import { keyringArgument, rangeArguments } from './requests.js';
import { download, readRange } from './transfer/download.js';
import { readBytes } from './transfer/read-bytes.js';
import { hasSameContent, requireDigests } from './transfer/same-content.js';
import type { UploadSource } from './transfer/source.js';
import type { DownloadTarget } from './transfer/target.js';
import type { TogetherOutcome } from './transfer/together/batch.js';
import { getContents, type ContentOutcome } from './transfer/together/get-contents.js';
import { keepTogether, type FileToGet } from './transfer/together/get-together.js';
import { sendTogether, type FileToSend } from './transfer/together/send-together.js';
import type { TransferMemory } from './transfer/transfer-memory.js';
import { upload } from './transfer/upload.js';

/**
 * A server's own files and folders: those that it can read, and what vaults are made of. Paths are
 * those of its tree, such as `received/report.pdf`.
 */
export class ServerFiles implements RemoteTree {
  /** @internal */
  readonly memory: TransferMemory;
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.memory = calls.transfers.memory;
    this.#calls = calls;
  }

  /** @internal */
  get vaultThreads(): VaultThreads {
    return this.#calls.transfers.vaultThreads;
  }

  /** @internal */
  get smallFiles(): SmallFiles {
    return this.#calls.transfers.smallFiles;
  }

  /** Whether the server keeps permissions of files: to others, none are sent. */
  get keepsPermissions(): boolean {
    return this.#calls.transfers.keepsPermissions;
  }

  /** The server itself can read and change permissions. */
  readonly sealsPermissions = false;

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
    return this.#calls.operations.run(options, async (signal) =>
      upload(this.#calls.transfers, source, checkedPath(path), { ...options, signal }),
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
    return this.#calls.operations.run(options, async (signal) =>
      download(this.#calls.transfers, checkedPath(path), target, { ...options, signal }),
    );
  }

  /**
   * Sends several small files, which replace older ones, with as few requests as possible: much
   * faster than one by one. {@link sendTree} does so by itself.
   *
   * @param files - what to send, and where to; up to 64 KiB each
   * @param options - whether they keep their permissions, and a signal
   * @returns what became of each, in their order: the file as the server has it, or why it was not
   *   sent; nothing where {@link Client.send} is to be used: for larger ones, for very few, and with
   *   servers that know no `MSEND`
   * @throws ClientError `closed`
   */
  sendTogether(
    files: readonly FileToSend[],
    options: SendTogetherOptions = {},
  ): Promise<TogetherOutcome[]> {
    return this.#calls.operations.run(options, (signal) =>
      sendTogether(this.#calls.transfers, files, { ...options, signal }),
    );
  }

  /**
   * Receives several small files with as few requests as possible: much faster than one by one.
   * {@link getTree} does so by itself.
   *
   * @param files - which, and the local paths that they will have
   * @param options - what to do about older files, and a signal
   * @returns what became of each, in their order: the file as the server has it, or why it was not
   *   received; nothing where {@link Client.get} is to be used
   * @throws ClientError `closed`
   */
  getTogether(
    files: readonly FileToGet[],
    options: GetTogetherOptions = {},
  ): Promise<TogetherOutcome[]> {
    return this.#calls.operations.run(options, async (signal) => {
      const { transfers } = this.#calls;
      const contents = await getContents(transfers, files, { signal });
      return keepTogether(transfers.smallFiles, files, contents, { ...options, signal });
    });
  }

  /**
   * Receives several small files into memory with as few requests as possible.
   *
   * @param files - which, and how many bytes they have, as a listing said maybe
   * @param options - a signal
   * @returns what became of each, in their order: the file and its bytes, or why it was not received;
   *   nothing where {@link ServerFiles.getBytes} is to be used
   * @throws ClientError `closed`
   */
  getContents(
    files: readonly Omit<FileToGet, 'target'>[],
    options: OperationOptions = {},
  ): Promise<ContentOutcome[]> {
    return this.#calls.operations.run(options, (signal) =>
      getContents(this.#calls.transfers, files, { signal }),
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
    return this.#calls.operations.run(options, async (signal) =>
      readBytes(this.#calls.transfers, checkedPath(path), { ...options, signal }),
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
    const operation = this.#calls.operations.begin(options);
    const { signal } = operation;
    try {
      yield* readRange(this.#calls.transfers, checkedPath(path), { ...options, signal });
    } finally {
      this.#calls.operations.end(operation);
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
    const operation = this.#calls.operations.begin(options);
    try {
      const { signal } = operation;
      const ask = (args: CommandArguments<'LIST'>): Promise<CommandResult<'LIST'>> =>
        this.#calls.ask('LIST', args, what, { signal });
      for await (const entries of listPages(ask, listed)) {
        for (const entry of entries) {
          throwIfAborted(signal);
          yield entry;
        }
      }
    } finally {
      // A loop that was left waits for no page, nor tries again to get it.
      operation.cut(new ClientError('aborted', 'The listing was left'));
      this.#calls.operations.end(operation);
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
    return this.#calls.ask('STAT', args, `Cannot look at ${path}`, options);
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
    return this.#calls.ask('DIGEST', args, `Cannot compare ${path}`, options);
  }

  /** @throws ClientError `bad-request` when the server cannot compare content: it lacks `DIGEST` */
  requireComparison(): void {
    requireDigests(this.#calls.transfers);
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
    const attempt = repeatableRemoval(this.#calls.requests, target, options.etag);
    await this.#calls.retried(options, attempt);
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
    await this.#calls.operations.run(options, (signal) =>
      this.#calls.requests.call('RENAME', args, what, signal),
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
    await this.#calls.ask('MKDIR', args, `Cannot make the folder ${path}`, options);
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
    return this.#calls.ask('CHMOD', args, `Cannot change the permissions of ${path}`, options);
  }
}
