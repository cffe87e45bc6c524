import type { ClientSession } from '@e2eeftp/protocol';

import { abortedError, asLocalError, throwIfAborted, type ClientError } from '../errors.js';

/** A body that is to be sent. */
export interface OutgoingBody {
  /** The bytes; each chunk is used up before the next is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Frees what the body holds, also while a chunk is awaited. */
  readonly close?: (() => Promise<void>) | undefined;
  /** Bytes that are sent at once, at most those of a record. */
  readonly longestPart: number;
  /** Waits until so many bytes may be sent. */
  readonly pace?: ((bytes: number) => Promise<void> | undefined) | undefined;
  /** Hears how many bytes were sent so far. */
  readonly onProgress?: ((sent: number) => void) | undefined;
  /** The digest of all bytes, asked for after the last one was sent. */
  readonly sha256?: (() => Uint8Array) | undefined;
}

/**
 * Sends the body of one request.
 */
export class BodySender {
  readonly #session: ClientSession;
  readonly #write: (parts: readonly Uint8Array[]) => Promise<void>;
  readonly #keepAliveInterval: number;
  #isStopped = false;
  /** Ends the wait for the source: with an error, or as if there were nothing more. */
  #interrupt: ((error?: ClientError) => void) | undefined;

  /**
   * @param session - makes the records
   * @param write - sends them
   * @param keepAliveInterval - how often a source that gives nothing is excused to the server, in
   *   milliseconds
   */
  constructor(
    session: ClientSession,
    write: (parts: readonly Uint8Array[]) => Promise<void>,
    keepAliveInterval: number,
  ) {
    this.#session = session;
    this.#write = write;
    this.#keepAliveInterval = keepAliveInterval;
  }

  /** The server has answered before the end, or is gone: nothing more is wanted. */
  stop(): void {
    this.#isStopped = true;
    this.#interrupt?.();
  }

  /**
   * Sends the body, ends it and closes it. When the source fails or the caller gives up, the
   * server is told so, and the connection stays usable.
   *
   * @param body - the bytes
   * @param signal - the caller's signal
   * @returns whether all of it was sent: not, when the server answered before
   * @throws ClientError what the source failed with, or `aborted`
   */
  async send(body: OutgoingBody, signal: AbortSignal | undefined): Promise<boolean> {
    const abort = (): void => {
      if (signal) this.#interrupt?.(abortedError(signal));
    };
    signal?.addEventListener('abort', abort, { once: true });
    const keepAlive = setInterval(() => {
      this.#excuse();
    }, this.#keepAliveInterval);
    let failure: ClientError | undefined;
    try {
      const size = await this.#sendChunks(body, signal);
      if (!this.#isStopped) {
        throwIfAborted(signal);
        const sha256 = body.sha256?.();
        await this.#write(this.#session.end({ ok: true, size, ...(sha256 && { sha256 }) }));
        return true;
      }
    } catch (error) {
      failure = asLocalError(error);
    } finally {
      clearInterval(keepAlive);
      signal?.removeEventListener('abort', abort);
      await body.close?.();
    }
    await this.#write(this.#session.end({ ok: false, text: 'The client gave the upload up' }));
    if (failure) throw failure;
    return false;
  }

  async #sendChunks(
    { chunks, longestPart, onProgress, pace }: OutgoingBody,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const iterator = chunks[Symbol.asyncIterator]();
    let size = 0;
    try {
      for (;;) {
        throwIfAborted(signal);
        const next = await this.#unlessStopped(() => iterator.next());
        if (!next || next.done === true) return size;
        for (let start = 0; start < next.value.length; start += longestPart) {
          const part = next.value.subarray(start, start + longestPart);
          const paced = pace?.(part.length);
          if (paced) await this.#unlessStopped(() => paced);
          if (!(await this.#sendPart(part, signal))) return size;
          size += part.length;
          onProgress?.(size);
        }
      }
    } finally {
      // A source that is not read to its end frees what it holds; it may take its time, or for ever.
      iterator.return?.().catch(() => undefined);
    }
  }

  async #sendPart(part: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#isStopped) return false;
    throwIfAborted(signal);
    await this.#write(this.#session.data([part]));
    return true;
  }

  /** Waits without being at anybody's mercy: the source may wait for a person who left. */
  async #unlessStopped<Result>(wait: () => Promise<Result>): Promise<Result | undefined> {
    if (this.#isStopped) return undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#interrupt = (error) => {
          if (error) reject(error);
          else resolve(undefined);
        };
        wait().then(resolve, reject);
      });
    } finally {
      this.#interrupt = undefined;
    }
  }

  /** An empty data record tells the server that the client is there, and only its source is slow. */
  #excuse(): void {
    if (!this.#interrupt || this.#isStopped) return;
    this.#write(this.#session.data([])).catch(() => {
      this.stop();
    });
  }
}
