import type { CryptoBackend, RunningDigest } from '@e2eeftp/crypto';

import { expectLength } from '../encoding/expect-length.js';
import { VaultError } from '../errors.js';
import { vaultSizes } from '../limits.js';

/**
 * Hashes one leaf, for whoever computes leaves in parallel or reads them back from disk.
 *
 * @param backend - the primitives to use
 * @param leaf - 1 MiB of content, or what is left at the content's end
 * @returns its digest, 32 bytes
 */
export function hashLeaf(backend: CryptoBackend, leaf: Uint8Array): Uint8Array {
  return backend.sha256(leaf);
}

/**
 * The tree hash of a file's content: SHA-256 over the SHA-256 digests of its leaves of 1 MiB, of
 * which the last may be shorter; empty content has no leaf (FORMAT.md, files).
 *
 * Leaves and root are hashed alike. That is safe since the content's size is signed beside the
 * root, and the size alone says how many leaves there are and how long each is.
 */
export class ContentHash {
  readonly #backend: CryptoBackend;
  /** Over the digests of leaves; a file of a single one needs none. */
  #root: RunningDigest | undefined;
  #leaf: RunningDigest | undefined;
  #inLeaf = 0;
  #size = 0;

  /** @param backend - the primitives to use */
  constructor(backend: CryptoBackend) {
    this.#backend = backend;
  }

  /** Bytes of content so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes a whole leaf whose digest is known.
   *
   * @param digest - SHA-256 of the next 1 MiB of content, 32 bytes
   * @throws VaultError `misuse` within a leaf, or when the length is wrong
   */
  addLeaf(digest: Uint8Array): void {
    expectLength('A leaf digest', digest, vaultSizes.digest);
    if (this.#leaf) throw new VaultError('misuse', 'A leaf is under way');
    this.#add(digest);
    this.#size += vaultSizes.leaf;
  }

  /**
   * @param content - the next bytes; not kept
   * @returns the digests of the leaves that these bytes complete
   */
  update(content: Uint8Array): Uint8Array[] {
    const finished: Uint8Array[] = [];
    for (let rest = content; rest.length > 0;) {
      const part = rest.subarray(0, vaultSizes.leaf - this.#inLeaf);
      rest = rest.subarray(part.length);
      this.#leaf ??= this.#backend.createSha256();
      this.#leaf.update(part);
      this.#inLeaf += part.length;
      this.#size += part.length;
      if (this.#inLeaf === vaultSizes.leaf) finished.push(this.#endLeaf(this.#leaf));
    }
    return finished;
  }

  /**
   * Ends the content; the computation is of no use afterwards.
   *
   * @param last - the content's last bytes, less than a leaf; not kept
   * @returns the root, 32 bytes
   */
  root(last: Uint8Array = new Uint8Array(0)): Uint8Array {
    // A whole small file takes one call for its leaf, and one for its root.
    const isWhole = this.#size === 0 && last.length > 0 && last.length <= vaultSizes.leaf;
    if (isWhole) {
      this.#size = last.length;
      return this.#backend.sha256(this.#backend.sha256(last));
    }
    this.update(last);
    if (this.#leaf) this.#endLeaf(this.#leaf);
    return this.#root ? Uint8Array.from(this.#root.digest()) : this.#backend.sha256();
  }

  #add(digest: Uint8Array): void {
    this.#root ??= this.#backend.createSha256();
    this.#root.update(digest);
  }

  #endLeaf(leaf: RunningDigest): Uint8Array {
    const digest = Uint8Array.from(leaf.digest());
    this.#add(digest);
    this.#leaf = undefined;
    this.#inLeaf = 0;
    return digest;
  }
}
