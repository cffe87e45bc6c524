import type { FileHandle } from 'node:fs/promises';

import { FileWriteError } from './file-write-error.js';

/** Bytes that may wait to be written before a caller has to. */
const queueLimit = 4 * 1024 * 1024;

/** Bytes that are handed to the system at once, roughly. */
const batchBytes = 1024 * 1024;

/** Pieces that the system takes at once (IOV_MAX on Linux and macOS). */
const batchPieces = 1024;

/** Bytes after which they are sent to the disk, so that little is left to be flushed at the end. */
const flushInterval = 64 * 1024 * 1024;

/** Lets one of several writers at a time flush in passing: others need the threads meanwhile. */
export interface FlushTurn {
  isTaken: boolean;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** How a file is written. */
export interface FileWriterOptions {
  /** Shared by several writers; nothing when the file need not be durable. */
  readonly flushTurn?: FlushTurn | undefined;
  /** Bytes that the file has already, behind which writing goes on; by default none. */
  readonly start?: number | undefined;
  /** Hears how many bytes from the beginning are durable, in passing. It must not throw. */
  readonly onFlushed?: ((bytes: number) => void) | undefined;
}

/**
 * Writes a file to its end, without copying what it is given, a bounded number
 * of bytes behind its caller.
 */
export class FileWriter {
  readonly #handle: FileHandle;
  readonly #flushTurn: FlushTurn | undefined;
  readonly #onFlushed: ((bytes: number) => void) | undefined;
  #size: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writtenBytes: number;
  #flushedBytes: number;
  #writing: Promise<void> | undefined;
  #flushing: Promise<void> | undefined;
  #failure: Error | undefined;
  #flushFailure: Error | undefined;
  #waiting: Waiting[] = [];

  /**
   * @param handle - a file with no bytes but those of `start`, which the caller closes
   * @param options - how to write it
   */
  constructor(handle: FileHandle, { flushTurn, start = 0, onFlushed }: FileWriterOptions = {}) {
    this.#handle = handle;
    this.#flushTurn = flushTurn;
    this.#onFlushed = onFlushed;
    this.#size = start;
    this.#writtenBytes = start;
    this.#flushedBytes = start;
  }

  /** Bytes that the file will have once all that was given is written. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that the file has by now. */
  get written(): number {
    return this.#writtenBytes;
  }

  /**
   * @param parts - what comes next, which must not change afterwards
   * @returns once there is room for more
   * @throws the system's error or a FileWriteError, also for what was given earlier
   */
  write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#queue.push(part);
      this.#queuedBytes += part.length;
      this.#size += part.length;
    }
    if (this.#queue.length > 0) this.#writing ??= this.#writeQueue();
    if (this.#queuedBytes < queueLimit) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /**
   * Waits until everything is written.
   *
   * @throws the system's error or a FileWriteError
   */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#failure) throw this.#failure;
  }

  /**
   * Waits until the file is not in use, and makes durable what is written by then, also when not
   * everything could be.
   *
   * @throws the system's error; that of an earlier flush too, since a system tells of it once only
   *   and takes what it could not flush for durable afterwards
   */
  async flush(): Promise<void> {
    await this.settle();
    if (this.#flushFailure) throw this.#flushFailure;
    try {
      await this.#handle.sync();
    } catch (error) {
      this.#failFlush(error);
      throw error;
    }
  }

  /** Gives up what was not yet written. */
  async abandon(): Promise<void> {
    this.#fail(new FileWriteError('abandoned', 'The file was given up'));
    await this.settle();
  }

  /** Waits until the file is not in use. */
  async settle(): Promise<void> {
    await this.#writing;
    await this.#flushing;
  }

  async #writeQueue(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#failure) {
        const batch = this.#takeBatch();
        await this.#writeAll(batch);
        this.#flushInPassing();
        if (this.#queuedBytes < queueLimit) this.#releaseWaiting();
      }
    } catch (error) {
      this.#fail(asError(error));
    } finally {
      this.#writing = undefined;
    }
  }

  #takeBatch(): Uint8Array[] {
    let bytes = 0;
    let pieces = 0;
    for (const part of this.#queue) {
      if (pieces === batchPieces || bytes >= batchBytes) break;
      bytes += part.length;
      pieces++;
    }
    return this.#queue.splice(0, pieces);
  }

  async #writeAll(batch: Uint8Array[]): Promise<void> {
    for (let rest = batch; rest.length > 0;) {
      const { bytesWritten } = await this.#handle.writev(rest, this.#writtenBytes);
      if (bytesWritten === 0)
        throw new FileWriteError('no-progress', 'The disk takes no more bytes');
      this.#writtenBytes += bytesWritten;
      this.#queuedBytes -= bytesWritten;
      rest = skipBytes(rest, bytesWritten);
    }
  }

  #flushInPassing(): void {
    const turn = this.#flushTurn;
    const bytes = this.#writtenBytes;
    if (!turn || turn.isTaken || bytes - this.#flushedBytes < flushInterval) return;
    turn.isTaken = true;
    this.#flushedBytes = bytes;
    this.#flushing = this.#handle
      .datasync()
      .then(() => this.#onFlushed?.(bytes))
      .catch((error: unknown) => {
        this.#failFlush(error);
      })
      .finally(() => {
        turn.isTaken = false;
        this.#flushing = undefined;
      });
  }

  #failFlush(error: unknown): void {
    this.#flushFailure ??= asError(error);
    this.#fail(this.#flushFailure);
  }

  /** A failure stays: a system tells of a failed flush once only. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.#queue = [];
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failure);
  }

  #releaseWaiting(): void {
    for (const waiting of this.#waiting.splice(0)) waiting.resolve();
  }
}

/**
 * @param parts - bytes in pieces
 * @param count - how many of them to leave out
 * @returns what follows them, in pieces
 */
function skipBytes(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let rest = count;
  const first = parts.findIndex((part) => {
    if (part.length > rest) return true;
    rest -= part.length;
    return false;
  });
  if (first < 0) return [];
  const [cut, ...others] = parts.slice(first) as [Uint8Array, ...Uint8Array[]];
  return [cut.subarray(rest), ...others];
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown failure', { cause: error });
}
