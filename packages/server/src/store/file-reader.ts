import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';

import { readChunks } from '@e2eeftp/file-io';
import type { StoredFile } from '@e2eeftp/protocol';

import { storedFile } from './file-entry.js';
import type { Folder } from './folder.js';
import { fileFlags } from './open-flags.js';
import { StoreError } from './store-error.js';
import type { StoredFileReader } from './store.js';
import { asStoreError } from './system-errors.js';

/**
 * Opens a file for reading.
 *
 * @param folder - where it is
 * @param name - its name there
 * @param onClosed - told that the file is closed again
 * @returns the open file, which the caller closes
 * @throws StoreError `not-found` when there is none: a symbolic link is not followed, and a FIFO
 *   that somebody put there neither blocks nor is read
 */
export async function openFile(
  folder: Folder,
  name: string,
  onClosed: () => void,
): Promise<FileReader> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder.at(name), fileFlags);
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new StoreError('not-found', 'There is something else than a file');
    await folder.verify();
    return new FileReader(handle, storedFile(stats), onClosed);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw asStoreError('Cannot open a file', error);
  }
}

class FileReader implements StoredFileReader {
  readonly file: StoredFile;
  readonly #handle: FileHandle;
  readonly #onClosed: () => void;

  constructor(handle: FileHandle, file: StoredFile, onClosed: () => void) {
    this.#handle = handle;
    this.#onClosed = onClosed;
    this.file = file;
  }

  read(offset: number, length: number): AsyncIterable<Uint8Array> {
    return readRange(this.#handle, offset, length);
  }

  async close(): Promise<void> {
    // What was only read has nothing to lose, and the system has freed it all the same.
    await this.#handle.close().catch(() => undefined);
    this.#onClosed();
  }
}

/**
 * Reads a range of a file, one chunk ahead of its consumer.
 *
 * @param handle - the file
 * @param offset - the first byte
 * @param length - how many bytes
 * @yields the bytes in chunks, each valid until the next one is asked for
 * @throws StoreError `io`, also when the file is shorter
 */
async function* readRange(
  handle: FileHandle,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array, void> {
  let left = length;
  try {
    for await (const chunk of readChunks(handle, offset, length)) {
      left -= chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw asStoreError('Cannot read a file', error);
  }
  if (left > 0) throw shortened();
}

/**
 * Reads the beginning of a file for its digest.
 *
 * @param handle - the file
 * @param length - how many bytes
 * @param beforeChunk - called before each piece; throws when nobody wants the digest any more
 * @returns their SHA-256, 32 bytes
 * @throws StoreError `io`, also when the file is shorter, or what `beforeChunk` throws
 */
export async function sha256Of(
  handle: FileHandle,
  length: number,
  beforeChunk: () => void,
): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of readRange(handle, 0, length)) {
    beforeChunk();
    hash.update(chunk);
  }
  return hash.digest();
}

/** @returns what a reader hears when somebody else cuts off what it has yet to read */
export function shortened(): StoreError {
  return new StoreError('io', 'A file is shorter than it was');
}
