import { SmallFiles } from '@e2eeftp/file-io';
import { limits as protocolLimits, type Welcome } from '@e2eeftp/protocol';
import { VaultThreads } from '@e2eeftp/vault-threads';

import { Retries, withRetries, type Retry, type RetryOptions } from '../connection/retry.js';
import { defaultRetries, type ConnectOptions } from '../options.js';
import type { Requests } from '../requests.js';
import { RateLimit } from './rate-limit.js';
import { BatchRequests } from './together/batch-requests.js';
import { TransferMemory } from './transfer-memory.js';

/** What transfers work with: the same for all of a client's. */
export class TransferContext {
  /** Asks the server. */
  readonly requests: Requests;
  /** What a later run is told. */
  readonly memory: TransferMemory;
  /** Whether the server keeps what it has of an upload that is broken off. */
  readonly canResume: boolean;
  /** Whether the server knows of permissions; one that does not refuses files that have some. */
  readonly keepsPermissions: boolean;
  /** Whether the server tells digests of files. */
  readonly tellsDigests: boolean;
  /** Moves several small files with one request; not for servers that know of no such thing. */
  readonly batches: BatchRequests | undefined;
  readonly #retries: number;
  readonly #onRetry: ((retry: Retry) => void) | undefined;
  readonly #rateLimit: RateLimit | undefined;
  #smallFiles: SmallFiles | undefined;
  #vaultThreads: VaultThreads | undefined;

  /**
   * @param requests - asks the server
   * @param server - the server's identity, 32 bytes
   * @param welcome - what the server says that it can do
   * @param options - what the client was given
   */
  constructor(
    requests: Requests,
    server: Uint8Array,
    { commands }: Pick<Welcome, 'commands'>,
    options: ConnectOptions,
  ) {
    const { journal, retries = defaultRetries, onRetry, rateLimit } = options;
    this.requests = requests;
    this.memory = new TransferMemory(server, journal);
    this.canResume = commands.includes('RESUME');
    this.keepsPermissions = commands.includes('CHMOD');
    this.tellsDigests = commands.includes('DIGEST');
    this.#retries = retries;
    this.#onRetry = onRetry;
    this.#rateLimit = rateLimit === undefined ? undefined : new RateLimit(rateLimit);
    const knowsBatches = commands.includes('MSEND') && commands.includes('MGET');
    this.batches = knowsBatches
      ? new BatchRequests(requests, {
          longestPart: this.longestPart,
          pace: (bytes, signal) => this.pace(bytes, signal),
        })
      : undefined;
  }

  /**
   * Makes attempts at a transfer until one succeeds, or it is no use.
   *
   * @param options - the caller's signal, and whether more than one attempt can be made
   * @param attempt - what to do; it calls `progress` when something has moved
   * @returns what the attempt returns
   * @throws ClientError
   */
  retry<Result>(
    { signal, mayRetry }: { readonly signal: AbortSignal | undefined; readonly mayRetry: boolean },
    attempt: (progress: () => void) => Promise<Result>,
  ): Promise<Result> {
    return withRetries(this.#retryOptions(signal, mayRetry ? this.#retries : 0), attempt);
  }

  /**
   * @param signal - the caller's signal
   * @returns what decides about attempts at a transfer that {@link TransferContext.retry} cannot make
   */
  retries(signal: AbortSignal | undefined): Retries {
    return new Retries(this.#retryOptions(signal, this.#retries));
  }

  /** Seals and opens small files of vaults, many at once. */
  get vaultThreads(): VaultThreads {
    this.#vaultThreads ??= new VaultThreads();
    return this.#vaultThreads;
  }

  /** Reads and writes small files, many at once. */
  get smallFiles(): SmallFiles {
    this.#smallFiles ??= new SmallFiles();
    return this.#smallFiles;
  }

  /** Frees what transfers shared. None may be under way. */
  async close(): Promise<void> {
    await this.#smallFiles?.close();
    await this.#vaultThreads?.close();
  }

  /** Bytes that are to be asked of the server at once. */
  get longestRange(): number {
    return this.#rateLimit?.longestRange ?? Infinity;
  }

  /** Bytes that are to be sent at once. */
  get longestPart(): number {
    return this.#rateLimit?.longestPart ?? protocolLimits.bodyRecord;
  }

  /**
   * Waits until bytes may move.
   *
   * @param bytes - how many
   * @param signal - ends the wait
   * @returns nothing when they may at once
   * @throws ClientError `aborted`
   */
  pace(bytes: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    return this.#rateLimit?.take(bytes, signal);
  }

  #retryOptions(signal: AbortSignal | undefined, retries: number): RetryOptions {
    return { retries, signal, onRetry: this.#onRetry };
  }
}
