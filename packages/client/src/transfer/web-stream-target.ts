import { untilAborted } from '../connection/abort.js';
import type { OpenTarget } from './open-target.js';

/** A web stream that somebody else owns: it is written, and neither closed nor aborted. */
export class WebStreamTarget implements OpenTarget {
  readonly canStartOver = false;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #lastWrite: Promise<void> = Promise.resolve();

  /**
   * @param stream - the stream, which nobody else writes meanwhile
   * @param signal - ends the wait for one that takes nothing more
   */
  constructor(stream: WritableStream<Uint8Array>, signal: AbortSignal | undefined) {
    this.#writer = stream.getWriter();
    this.#signal = signal;
    // Whether it fails is met at the next write, or at the commit.
    this.#writer.closed.catch(() => undefined);
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      await untilAborted(this.#writer.ready, this.#signal);
      this.#lastWrite = this.#writer.write(part);
      this.#lastWrite.catch(() => undefined);
    }
  }

  /** Writes are carried out in their order, and one that fails fails all behind it. */
  commit(): Promise<void> {
    return untilAborted(this.#lastWrite, this.#signal);
  }

  close(): Promise<void> {
    this.#writer.releaseLock();
    return Promise.resolve();
  }
}
