import { CryptoError } from '@e2eeftp/crypto';

import { VaultError } from '../../errors.js';
import { chunkCount, streamSizes, type StreamKey } from './stream.js';

/** A chunk whose tag was verified. */
export interface OpenedChunk {
  /** Its number; its plaintext begins at 65,536 times that. */
  readonly index: number;
  /** In memory of its own. */
  readonly plaintext: Uint8Array;
}

/** Which chunks of which payload will come. */
export interface StreamOpenerOptions {
  /** The payload's key. */
  readonly key: StreamKey;
  /** Bytes of the whole payload's plaintext. */
  readonly plainSize: number;
  /** The number of the first chunk that comes; 0 by default. */
  readonly first?: number;
  /** The number behind the last chunk that comes; by default the payload's end. */
  readonly end?: number;
}

/**
 * Opens chunks that follow each other, from pieces that were cut anywhere. It holds one chunk at
 * most, and gives out only what was verified. After an error it refuses everything.
 */
export class StreamOpener {
  readonly #key: StreamKey;
  readonly #lastIndex: number;
  /** Bytes of the payload's last chunk, with its tag. */
  readonly #lastSize: number;
  readonly #end: number;
  #next: number;
  /** Where a chunk is put together that comes in several pieces. */
  #assembly: Uint8Array | undefined;
  #assembled = 0;
  #failed = false;

  /** @param options - which chunks will come */
  constructor({ key, plainSize, first = 0, end = chunkCount(plainSize) }: StreamOpenerOptions) {
    this.#key = key;
    this.#lastIndex = chunkCount(plainSize) - 1;
    this.#lastSize = plainSize - this.#lastIndex * streamSizes.chunk + streamSizes.tag;
    this.#next = first;
    this.#end = end;
  }

  /**
   * Feeds the next bytes and gives the chunks that they complete, one at a time. Finish the
   * iteration before feeding more.
   *
   * @param bytes - the next bytes; not kept after the iteration
   * @throws VaultError `chunk-altered`, `truncated` or `extended`; `misuse` after an error
   */
  *receive(bytes: Uint8Array): Generator<OpenedChunk, void, void> {
    if (this.#failed) throw new VaultError('misuse', 'This file has failed; begin anew');
    let completed = false;
    try {
      let rest = bytes;
      while (rest.length > 0) {
        if (this.#next === this.#end) throw extended();
        const { sealed, taken } = this.#assemble(rest);
        rest = rest.subarray(taken);
        if (sealed) yield this.#open(sealed);
      }
      completed = true;
    } finally {
      // Whoever stops in the middle has lost bytes: nothing behind them would be at its place.
      if (!completed) this.#failed = true;
    }
  }

  /**
   * Says that no more bytes come.
   *
   * @throws VaultError `truncated` when chunks are missing; `misuse` after an error
   */
  finish(): void {
    if (this.#failed) throw new VaultError('misuse', 'This file has failed; begin anew');
    if (this.#next !== this.#end) throw truncated();
  }

  /** Gives a whole sealed chunk as soon as all of it has come, copied only if it came in pieces. */
  #assemble(bytes: Uint8Array): {
    readonly sealed: Uint8Array | undefined;
    readonly taken: number;
  } {
    const size = this.#next === this.#lastIndex ? this.#lastSize : streamSizes.sealedChunk;
    if (this.#assembled === 0 && bytes.length >= size) {
      return { sealed: bytes.subarray(0, size), taken: size };
    }
    this.#assembly ??= new Uint8Array(streamSizes.sealedChunk);
    const part = bytes.subarray(0, size - this.#assembled);
    this.#assembly.set(part, this.#assembled);
    this.#assembled += part.length;
    if (this.#assembled < size) return { sealed: undefined, taken: part.length };
    this.#assembled = 0;
    return { sealed: this.#assembly.subarray(0, size), taken: part.length };
  }

  #open(sealed: Uint8Array): OpenedChunk {
    const index = this.#next;
    const isLast = index === this.#lastIndex;
    try {
      const plaintext = this.#key.open(index, isLast, sealed);
      this.#next++;
      return { index, plaintext };
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause;
      throw this.#explain(index, isLast, sealed, cause);
    }
  }

  /** A chunk that is intact but for its place tells that the file was cut or lengthened there. */
  #explain(index: number, isLast: boolean, sealed: Uint8Array, cause: CryptoError): VaultError {
    try {
      this.#key.open(index, !isLast, sealed);
    } catch {
      return new VaultError(
        'chunk-altered',
        `The file was altered or damaged where it is stored (chunk ${index}). Fetch it again; if that fails as well, send the original again`,
        { cause },
      );
    }
    return isLast ? truncated() : extended();
  }
}

function truncated(): VaultError {
  return new VaultError(
    'truncated',
    'The file stops before its end. Fetch it again; if that fails as well, send the original again',
  );
}

function extended(): VaultError {
  return new VaultError(
    'extended',
    'Something follows the end of the file. Fetch it again; if that fails as well, send the original again',
  );
}
