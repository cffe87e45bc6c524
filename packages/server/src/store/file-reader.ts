import { open, type FileHandle } from 'node:fs/promises';

import type { StoredFile } from '@e2eeftp/protocol';

import { storedFile } from './file-entry.js';
import type { Folder } from './folder.js';
import { fileFlags } from './open-flags.js';
import { StoreError } from './store-error.js';
import type { StoredFileReader } from './store.js';
import { asStoreError } from './system-errors.js';

/** Bytes of a chunk. */
const readChunk = 1024 * 1024;

/**
 * Opens a file for reading.
 *
 * @param folder - where it is
 * @param name - its name there
 * @returns the open file, which the caller closes
 * @throws StoreError `not-found` when there is none: a symbolic link is not followed, and a FIFO
 *   that somebody put there neither blocks nor is read
 */
export async function openFile(folder: Folder, name: string): Promise<FileReader> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder.at(name), fileFlags);
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new StoreError('not-found', 'There is something else than a file');
    await folder.verify();
    return new FileReader(handle, storedFile(stats));
  } catch (error) {
    await handle?.close();
    throw asStoreError('Cannot open a file', error);
  }
}

class FileReader implements StoredFileReader {
  readonly file: StoredFile;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, file: StoredFile) {
    this.#handle = handle;
    this.file = file;
  }

  read(offset: number, length: number): AsyncIterable<Uint8Array> {
    return readRange(this.#handle, offset, length);
  }

  async close(): Promise<void> {
    await this.#handle.close();
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
export async function* readRange(
  handle: FileHandle,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array, void> {
  if (length === 0) return;
  const end = offset + length;
  // Each buffer is filled while the consumer has the other, again and again: memory that was
  // used already is much cheaper than fresh.
  let current = Buffer.allocUnsafeSlow(Math.min(readChunk, length));
  let other = length > readChunk ? Buffer.allocUnsafeSlow(readChunk) : current;
  let position = offset;
  let filling = fill(handle, current, position, end);
  try {
    for (;;) {
      const chunk = await filling;
      position += chunk.length;
      if (position === end) {
        yield chunk;
        return;
      }
      [current, other] = [other, current];
      filling = fill(handle, current, position, end);
      // Its failure is met at the next turn; until then it must not count as unhandled.
      filling.catch(() => undefined);
      yield chunk;
    }
  } finally {
    await filling.catch(() => undefined);
  }
}

/** Fills the buffer, or as much of it as is left of the range. */
async function fill(
  handle: FileHandle,
  buffer: Buffer,
  position: number,
  end: number,
): Promise<Uint8Array> {
  const length = Math.min(buffer.length, end - position);
  for (let filled = 0; filled < length;) {
    const bytesRead = await readInto(handle, buffer.subarray(filled, length), position + filled);
    if (bytesRead === 0) throw new StoreError('io', 'A file is shorter than it was');
    filled += bytesRead;
  }
  return buffer.subarray(0, length);
}

async function readInto(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  try {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    return bytesRead;
  } catch (error) {
    throw asStoreError('Cannot read a file', error);
  }
}
