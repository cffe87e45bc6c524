import type { StoredFile } from '@e2eeftp/protocol';

import type { CommitOptions, Upload } from '../store/store.js';

/** Does work when nothing can change any more what allows it, or throws why it is not allowed. */
export type Allowing = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** An upload into a vault: whether it may become a file is decided once more when it is whole. */
export class VaultUpload implements Upload {
  readonly #upload: Upload;
  readonly #allow: Allowing;

  /**
   * @param upload - what is being sent
   * @param allow - decides
   */
  constructor(upload: Upload, allow: Allowing) {
    this.#upload = upload;
    this.#allow = allow;
  }

  get size(): number {
    return this.#upload.size;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.#upload.write(parts);
  }

  sha256(): Promise<Uint8Array> {
    return this.#upload.sha256();
  }

  async commit(options: CommitOptions): Promise<StoredFile> {
    try {
      return await this.#allow(() => this.#upload.commit(options));
    } finally {
      // Where that was not allowed, nothing has ended it yet.
      await this.#upload.suspend();
    }
  }

  discard(): Promise<void> {
    return this.#upload.discard();
  }

  suspend(): Promise<void> {
    return this.#upload.suspend();
  }
}
