import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { limits } from '@e2eeftp/protocol';

import { makeDirectory } from '../make-directory.js';
import { replaceFile } from '../replace-file.js';
import { asServerError } from '../server-error.js';
import type { PathLocking } from '../store/path-locks.js';
import { StoreError } from '../store/store-error.js';
import { asStoreError, unlessMissing } from '../store/system-errors.js';
import type { CardStore } from './card-store.js';

/** A name that leads elsewhere is none of ours. */
const { O_RDONLY, O_NOFOLLOW } = constants;
const flags = O_RDONLY | O_NOFOLLOW;

/**
 * Keeps cards in a folder, a file for each fingerprint. A crash at any moment leaves the old card or
 * the new one.
 */
export class FileCards implements CardStore {
  readonly #folder: string;
  readonly #locks: PathLocking;

  private constructor(folder: string, locks: PathLocking) {
    this.#folder = folder;
    this.#locks = locks;
  }

  /**
   * @param folder - where the cards are; made when missing
   * @param locks - lets all processes that use the folder take turns
   * @returns the cards
   * @throws ServerError `bad-file`
   */
  static async open(folder: string, locks: PathLocking): Promise<FileCards> {
    await makeDirectory(folder).catch((error: unknown) => {
      throw asServerError(`Cannot make ${folder}`, error);
    });
    return new FileCards(folder, locks);
  }

  find(fingerprint: string): Promise<Uint8Array | undefined> {
    return unlessMissing(read(this.#pathOf(fingerprint)));
  }

  async publish(fingerprint: string, card: Uint8Array): Promise<void> {
    const path = this.#pathOf(fingerprint);
    try {
      await this.#locks.run([`.e2eeftp/cards/${fingerprint}`], () =>
        replaceFile(path, card, { mode: 0o600 }),
      );
    } catch (error) {
      throw asStoreError('Cannot keep a card', error);
    }
  }

  #pathOf(fingerprint: string): string {
    return join(this.#folder, fingerprint);
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, flags);
    try {
      // Whatever somebody has put there, no more than a card is read.
      const bytes = new Uint8Array(limits.card + 1);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      if (bytesRead <= limits.card) return bytes.subarray(0, bytesRead);
      throw new StoreError('io', 'A file among the cards is too long for one; remove it');
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asStoreError('Cannot read a card', error);
  }
}
