import { createHash } from 'node:crypto';

import type { StoredFile } from '@e2eeftp/protocol';
import { vaultLimits } from '@e2eeftp/vault';

import { StoreError } from '../store/store-error.js';
import type { CommitOptions, Upload } from '../store/store.js';

/** What becomes of a keyring that was sent. */
export interface KeyringReceiver {
  /**
   * @param bytes - all of it
   * @param options - how the client wants it to be stored
   * @returns the file as stored
   */
  store(bytes: Uint8Array, options: CommitOptions): Promise<StoredFile>;
  /** Hears that nothing more comes. */
  onEnd(): void;
}

/** A keyring on its way into a vault. It is held in memory, since it is checked as a whole. */
export class KeyringUpload implements Upload {
  readonly #receiver: KeyringReceiver;
  #parts: Uint8Array[] = [];
  #size = 0;
  #hasEnded = false;

  /** @param receiver - what becomes of it */
  constructor(receiver: KeyringReceiver) {
    this.#receiver = receiver;
  }

  get size(): number {
    return this.#size;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (this.#hasEnded) return Promise.reject(ended());
      if (this.#size + part.length > vaultLimits.keyring) return Promise.reject(tooLarge());
      this.#parts.push(part);
      this.#size += part.length;
    }
    return Promise.resolve();
  }

  sha256(): Promise<Uint8Array> {
    const hash = createHash('sha256');
    for (const part of this.#parts) hash.update(part);
    return Promise.resolve(hash.digest());
  }

  async commit(options: CommitOptions): Promise<StoredFile> {
    if (this.#hasEnded) throw ended();
    try {
      return await this.#receiver.store(Buffer.concat(this.#parts), options);
    } finally {
      this.#end();
    }
  }

  discard(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  /** Nobody goes on with a keyring: it is sent anew. */
  suspend(): Promise<void> {
    return this.discard();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#parts = [];
    this.#receiver.onEnd();
  }
}

/** @returns what a keyring fails with that has more bytes than one may have */
export function tooLarge(): StoreError {
  return new StoreError('too-large', `A keyring has at most ${vaultLimits.keyring} bytes`);
}

function ended(): StoreError {
  return new StoreError('io', 'The upload has ended already');
}
