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
  /** As large as what has come needs, or up to twice that: parts may be of a byte each. */
  #buffer = new Uint8Array(0);
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
      this.#append(part);
    }
    return Promise.resolve();
  }

  sha256(): Promise<Uint8Array> {
    return Promise.resolve(createHash('sha256').update(this.#received).digest());
  }

  async commit(options: CommitOptions): Promise<StoredFile> {
    if (this.#hasEnded) throw ended();
    try {
      return await this.#receiver.store(this.#received, options);
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

  get #received(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  #append(part: Uint8Array): void {
    const size = this.#size + part.length;
    if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(Math.max(size, 2 * this.#size), vaultLimits.keyring));
      larger.set(this.#received);
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.#size);
    this.#size = size;
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#buffer = new Uint8Array(0);
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
