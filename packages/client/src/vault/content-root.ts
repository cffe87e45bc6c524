import { webcrypto } from 'node:crypto';

import { defaultBackend } from '@e2eeftp/crypto';
import { ContentHash, vaultSizes } from '@e2eeftp/vault';

/** Leaves whose digests are awaited at once. */
const leavesAtOnce = 4;

/**
 * Hashes a leaf on another thread.
 *
 * @param leaf - 1 MiB of content; it may change as soon as this has returned
 * @returns its digest, 32 bytes
 */
export async function digestOfLeaf(leaf: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', leaf));
}

/** The tree hash of content as it comes, made on another thread for the most part. */
export class ContentRoot {
  readonly #hash = new ContentHash(defaultBackend);
  readonly #digests: Promise<Uint8Array>[] = [];
  #leaf: Uint8Array | undefined;
  #filled = 0;

  /** @param leaves - the digests of leaves that are in front of what comes */
  constructor(leaves: readonly Uint8Array[] = []) {
    for (const leaf of leaves) this.#hash.addLeaf(leaf);
  }

  /**
   * @param parts - what comes next; not kept
   * @returns once there is room for more
   */
  async add(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      for (let rest = part; rest.length > 0;) rest = this.#take(rest);
    }
    while (this.#digests.length > leavesAtOnce) await this.#addDigest();
  }

  /** @returns the root, 32 bytes; nothing more can come */
  async root(): Promise<Uint8Array> {
    while (this.#digests.length > 0) await this.#addDigest();
    if (this.#leaf) this.#hash.update(this.#leaf.subarray(0, this.#filled));
    return this.#hash.root();
  }

  #take(bytes: Uint8Array): Uint8Array {
    this.#leaf ??= new Uint8Array(vaultSizes.leaf);
    const part = bytes.subarray(0, this.#leaf.length - this.#filled);
    this.#leaf.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === this.#leaf.length) {
      this.#digests.push(digestOfLeaf(this.#leaf));
      this.#filled = 0;
    }
    return bytes.subarray(part.length);
  }

  async #addDigest(): Promise<void> {
    const digest = await this.#digests.shift();
    if (digest) this.#hash.addLeaf(digest);
  }
}
