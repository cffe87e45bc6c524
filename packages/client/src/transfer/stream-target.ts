import type { Writable } from 'node:stream';

import { untilAborted } from '../connection/abort.js';
import type { OpenTarget } from './open-target.js';

/** A stream that somebody else owns: it is written, and neither ended nor destroyed. */
export class StreamTarget implements OpenTarget {
  readonly canStartOver = false;
  readonly #stream: Writable;
  readonly #signal: AbortSignal | undefined;
  #failure: Error | undefined;
  /** Writes that the stream has taken, and not yet carried out. */
  #unwritten = 0;
  #wake: (() => void) | undefined;
  readonly #onWritten = (error?: Error | null): void => {
    this.#unwritten -= 1;
    if (error) this.#fail(error);
    else this.#wake?.();
  };
  readonly #onDrain = (): void => {
    this.#wake?.();
  };
  readonly #onClose = (): void => {
    this.#fail(this.#stream.errored ?? new Error('The output was closed'));
  };
  readonly #onError = (error: Error): void => {
    this.#fail(error);
  };

  /**
   * @param stream - the stream
   * @param signal - ends the wait for one that takes nothing more
   */
  constructor(stream: Writable, signal: AbortSignal | undefined) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on('drain', this.#onDrain);
    stream.on('close', this.#onClose);
    stream.on('error', this.#onError);
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (this.#failure) throw this.#failure;
      this.#unwritten += 1;
      const hasRoom = this.#stream.write(part, this.#onWritten);
      if (!hasRoom) await this.#until(() => !this.#stream.writableNeedDrain);
    }
    if (this.#failure) throw this.#failure;
  }

  /** A stream takes bytes before it knows whether they can be written. */
  commit(): Promise<void> {
    return this.#until(() => this.#unwritten === 0);
  }

  close(): Promise<void> {
    this.#stream.off('drain', this.#onDrain);
    this.#stream.off('close', this.#onClose);
    this.#stream.off('error', this.#onError);
    return Promise.resolve();
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!this.#failure && !isReached()) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await untilAborted(woken, this.#signal);
    }
    if (this.#failure) throw this.#failure;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}
