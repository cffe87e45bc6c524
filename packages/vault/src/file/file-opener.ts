import { VaultError } from '../errors.js';
import { vaultSizes } from '../limits.js';
import { StreamOpener } from './age/stream-opener.js';
import { streamSizes } from './age/stream.js';
import { ContentHash } from './content-hash.js';
import type { FileHead } from './file-head.js';
import { isSigned } from './signed-message.js';
import { chunkOffset } from './stored-size.js';

/**
 * Opens a whole file, from its first chunk or from where an earlier attempt stopped, and verifies
 * who wrote it. It holds one chunk at most.
 *
 * What {@link FileOpener.receive} gives comes from somebody with the epoch's secret, and from the
 * sender only once {@link FileOpener.finish} has returned: keep it where nobody takes it for the
 * file until then, and throw it away otherwise.
 */
export class FileOpener {
  /** Where in the stored file the bytes must begin that it is fed with. */
  readonly storedOffset: number;
  /** Where in the content the bytes begin that it gives. */
  readonly contentOffset: number;
  readonly #head: FileHead;
  readonly #chunks: StreamOpener;
  readonly #hash: ContentHash;
  readonly #isHashedHere: boolean;
  readonly #signature = new Uint8Array(vaultSizes.signature);

  /**
   * @param head - the file's head
   * @param leaves - to go on behind content that is there already: the digests of all its leaves
   *   of 1 MiB (see `hashLeaf`), taken from the bytes as they lie on disk; their number fixes
   *   where the file goes on
   * @param isHashedHere - not, when the content that it gives is hashed elsewhere, on another thread
   * @throws VaultError `misuse` when there are more leaves than the file has
   */
  constructor(head: FileHead, leaves: readonly Uint8Array[] = [], isHashedHere = true) {
    this.#head = head;
    this.#isHashedHere = isHashedHere;
    this.#hash = new ContentHash(head.access.backend);
    for (const leaf of leaves) this.#hash.addLeaf(leaf);
    this.contentOffset = this.#hash.size;
    if (this.contentOffset > head.contentSize) {
      throw new VaultError('misuse', 'There is more content than the file has; fetch it anew');
    }
    const first = this.contentOffset / streamSizes.chunk;
    this.storedOffset = chunkOffset(first);
    const plainSize = head.contentSize + vaultSizes.signature;
    this.#chunks = new StreamOpener({ key: head.keys.stream, plainSize, first });
  }

  /**
   * Feeds the stored file's next bytes and gives the content that they complete, a verified chunk
   * at a time. Finish the iteration before feeding more.
   *
   * @param bytes - the next bytes; not kept after the iteration
   * @throws VaultError `chunk-altered`, `truncated` or `extended`; `misuse` after an error
   */
  *receive(bytes: Uint8Array): Generator<Uint8Array, void, void> {
    const { contentSize } = this.#head;
    for (const { index, plaintext } of this.#chunks.receive(bytes)) {
      const start = index * streamSizes.chunk;
      const inContent = Math.max(0, Math.min(plaintext.length, contentSize - start));
      if (inContent < plaintext.length) {
        this.#signature.set(plaintext.subarray(inContent), start + inContent - contentSize);
      }
      if (inContent === 0) continue;
      const content = plaintext.subarray(0, inContent);
      if (this.#isHashedHere) this.#hash.update(content);
      yield content;
    }
  }

  /**
   * Ends the file. Only when this returns is the content what the sender named in the metadata,
   * who was a writer of the file's epoch, has written at this place.
   *
   * @param root - the tree hash of all content (`ContentHash`), 32 bytes, when that was made elsewhere
   * @throws VaultError `truncated` when bytes are missing, `bad-signature`; `misuse` after an
   *   error, or when the root is missing or not wanted
   */
  finish(root?: Uint8Array): void {
    if (this.#isHashedHere !== (root === undefined)) {
      throw new VaultError('misuse', 'The content of a file is hashed in one place');
    }
    this.#chunks.finish();
    if (!isSigned(this.#head, root ?? this.#hash.root(), this.#signature)) {
      throw new VaultError(
        'bad-signature',
        'The sender that this file names did not write it as it is. Do not use what came of it; ask the sender, and send the original again',
      );
    }
  }
}
