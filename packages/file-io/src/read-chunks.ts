import type { FileHandle } from 'node:fs/promises';

/** Bytes of a chunk. */
const chunkSize = 1024 * 1024;

/**
 * Reads a range of a file from its beginning to its end, one chunk ahead of the consumer.
 *
 * Each chunk is valid until the next is asked for: two buffers are filled again and again, since
 * memory that was used already is much cheaper than fresh memory.
 *
 * @param handle - an open file, which the caller closes, and not before the iteration has ended
 * @param offset - the first byte
 * @param length - how many bytes
 * @returns the bytes in chunks of 1 MiB; fewer bytes than asked for when the file ends before
 * @throws the system's error when a read fails
 */
export async function* readChunks(
  handle: FileHandle,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array, void, void> {
  const end = offset + length;
  if (length <= 0) return;
  let current = Buffer.allocUnsafeSlow(Math.min(chunkSize, length));
  let other = length > chunkSize ? Buffer.allocUnsafeSlow(chunkSize) : current;
  let filling = fill(handle, current, offset, end);
  try {
    for (let position = offset; ;) {
      const chunk = await filling;
      position += chunk.length;
      if (position === end || chunk.length < current.length) {
        if (chunk.length > 0) yield chunk;
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

/** Fills the buffer, or what is left of the range, or of the file. */
async function fill(
  handle: FileHandle,
  buffer: Buffer,
  position: number,
  end: number,
): Promise<Uint8Array> {
  const length = Math.min(buffer.length, end - position);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
