import { vaultSizes } from '../limits.js';
import { StreamOpener } from './age/stream-opener.js';
import { chunkCount, streamSizes } from './age/stream.js';
import type { FileHead } from './file-head.js';
import { isSigned } from './signed-message.js';
import { chunkOffset } from './stored-size.js';

/**
 * Opens the end of a file, which holds its signature, to compare the file with content that is at hand:
 * the signature tells what the sender wrote, so that nothing else of the file has to be fetched.
 *
 * Whether the server still has all of that content, this does not tell.
 */
export class SignatureOpener {
  /** Where in the stored file the bytes begin that it is fed with; they reach to its end. */
  readonly storedOffset: number;
  readonly #head: FileHead;
  readonly #chunks: StreamOpener;
  readonly #signature = new Uint8Array(vaultSizes.signature);

  /** @param head - the file's head */
  constructor(head: FileHead) {
    this.#head = head;
    const plainSize = head.contentSize + vaultSizes.signature;
    const first = Math.min(
      Math.floor(head.contentSize / streamSizes.chunk),
      chunkCount(plainSize) - 1,
    );
    this.storedOffset = chunkOffset(first);
    this.#chunks = new StreamOpener({ key: head.keys.stream, plainSize, first });
  }

  /**
   * @param bytes - the stored file's next bytes; not kept
   * @throws VaultError `chunk-altered`, `truncated` or `extended`; `misuse` after an error
   */
  receive(bytes: Uint8Array): void {
    const { contentSize } = this.#head;
    for (const { index, plaintext } of this.#chunks.receive(bytes)) {
      const start = index * streamSizes.chunk;
      const inContent = Math.max(0, Math.min(plaintext.length, contentSize - start));
      this.#signature.set(plaintext.subarray(inContent), start + inContent - contentSize);
    }
  }

  /**
   * Says whether the sender, who was a writer of the file's epoch, wrote this content at this place.
   *
   * @param root - the content's tree hash, 32 bytes (`ContentHash`), of content of the file's size
   * @returns no also when the signature was altered
   * @throws VaultError `truncated` when bytes are missing; `misuse` after an error
   */
  isOf(root: Uint8Array): boolean {
    this.#chunks.finish();
    return isSigned(this.#head, root, this.#signature);
  }
}
