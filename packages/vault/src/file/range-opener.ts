import { VaultError } from '../errors.js';
import { vaultSizes } from '../limits.js';
import { StreamOpener } from './age/stream-opener.js';
import { streamSizes } from './age/stream.js';
import type { FileHead } from './file-head.js';
import { chunkOffset } from './stored-size.js';

/**
 * Opens a part of a file from the chunks that hold it.
 *
 * What it gives was written at its place by somebody with the epoch's secret. Whether the sender
 * did, only a whole file tells (`FileOpener`); and how long the file is, is the server's claim
 * unless the range reaches its end. Do not use it where that matters.
 */
export class RangeOpener {
  /** Where in the stored file the bytes must begin that it is fed with. */
  readonly storedOffset: number;
  /** How many bytes it must be fed with. */
  readonly storedLength: number;
  readonly #start: number;
  readonly #end: number;
  readonly #chunks: StreamOpener;

  /**
   * @param head - the file's head
   * @param offset - where in the content the range begins, in bytes
   * @param length - bytes of content wanted
   * @throws VaultError `misuse` when the range is not within the content
   */
  constructor(head: FileHead, offset: number, length: number) {
    const isWithin =
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      offset >= 0 &&
      length >= 0 &&
      offset + length <= head.contentSize;
    if (!isWithin) {
      throw new VaultError('misuse', `The file has ${head.contentSize} bytes; ask for these`);
    }
    this.#start = offset;
    this.#end = offset + length;
    const first = Math.floor(offset / streamSizes.chunk);
    const end = length === 0 ? first : Math.ceil(this.#end / streamSizes.chunk);
    this.storedOffset = chunkOffset(first);
    this.storedLength = Math.min(chunkOffset(end), head.storedSize) - this.storedOffset;
    const plainSize = head.contentSize + vaultSizes.signature;
    this.#chunks = new StreamOpener({ key: head.keys.stream, plainSize, first, end });
  }

  /**
   * Feeds the stored file's next bytes and gives what lies in the range, a verified chunk at a
   * time. Finish the iteration before feeding more.
   *
   * @param bytes - the next bytes; not kept after the iteration
   * @throws VaultError `chunk-altered`, `truncated` or `extended`; `misuse` after an error
   */
  *receive(bytes: Uint8Array): Generator<Uint8Array, void, void> {
    for (const { index, plaintext } of this.#chunks.receive(bytes)) {
      const start = index * streamSizes.chunk;
      yield plaintext.subarray(Math.max(0, this.#start - start), this.#end - start);
    }
  }

  /**
   * Says that no more bytes come.
   *
   * @throws VaultError `truncated` when a part of the range is missing; `misuse` after an error
   */
  finish(): void {
    this.#chunks.finish();
  }
}
