import type { Writable } from 'node:stream';

import { untilAborted } from '../connection/abort.js';
import { LocalFile, type LocalOverwrite } from './local-file.js';

/** Where something can be received: a path of the local file system, or a stream. */
export type DownloadTarget = string | Writable;

/** A target that is ready to be written. */
export interface OpenTarget {
  /** Whether what was written can be thrown away for something else. */
  readonly canStartOver: boolean;
  /**
   * @param parts - what comes next, which must not change afterwards
   * @returns once there is room for more
   */
  write(parts: readonly Uint8Array[]): Promise<void>;
  /**
   * Everything has arrived and is right.
   *
   * @param mtime - for files: milliseconds since 1970; by default now
   */
  commit(mtime: number | undefined): Promise<void>;
  /** Frees what the target holds; without a commit before, nothing of a file stays. */
  close(): Promise<void>;
}

/**
 * Opens a target.
 *
 * @param target - where to
 * @param overwrite - what to do about a file that is there already
 * @param signal - ends the wait for a stream that takes nothing more
 * @returns it, ready to be written; to be closed
 */
export async function openTarget(
  target: DownloadTarget,
  overwrite: LocalOverwrite,
  signal: AbortSignal | undefined,
): Promise<OpenTarget> {
  if (typeof target !== 'string') return new StreamTarget(target, signal);
  return new FileTarget(await LocalFile.create(target), overwrite);
}

/** A file that gets its name when all of it has come. */
export class FileTarget implements OpenTarget {
  readonly canStartOver = true;
  readonly file: LocalFile;
  readonly #overwrite: LocalOverwrite;

  /**
   * @param file - the file
   * @param overwrite - what to do about a file that is there already
   */
  constructor(file: LocalFile, overwrite: LocalOverwrite) {
    this.file = file;
    this.#overwrite = overwrite;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.file.write(parts);
  }

  commit(mtime: number | undefined): Promise<void> {
    return this.file.commit(this.#overwrite, mtime);
  }

  close(): Promise<void> {
    return this.file.discard();
  }
}

/** A stream that somebody else owns: it is written, and neither ended nor destroyed. */
class StreamTarget implements OpenTarget {
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
