import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

import { readChunks } from '@e2eeftp/file-io';

import { ClientError } from '../errors.js';

/**
 * What can be sent: a path of the local file system, bytes, or anything that gives bytes one
 * chunk after the other, such as a Readable.
 */
export type UploadSource = string | Uint8Array | Readable | AsyncIterable<Uint8Array>;

/** A source that is ready to be read. */
export interface OpenSource {
  /** Bytes, when known before reading. */
  readonly size: number | undefined;
  /** Milliseconds since 1970, for files. */
  readonly mtime: number | undefined;
  /** The bytes; each chunk is valid until the next is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Frees what the source holds, also while a chunk is awaited. */
  close(): Promise<void>;
}

/**
 * Opens a source.
 *
 * @param source - what is to be sent
 * @returns it, ready to be read; to be closed
 * @throws ClientError `local-file` when a file cannot be read or is none
 */
export async function openSource(source: UploadSource): Promise<OpenSource> {
  if (typeof source === 'string') return openFile(source);
  if (source instanceof Uint8Array) {
    return {
      size: source.length,
      mtime: undefined,
      chunks: Readable.from([source]),
      close: nothing,
    };
  }
  if (source instanceof Readable) {
    // It may fail before anybody reads it, and the failure is met then; until then it must not
    // bring the process down.
    source.on('error', () => undefined);
    const chunks = bytesOnly(source);
    return { size: undefined, mtime: undefined, chunks, close: () => closeStream(source) };
  }
  return { size: undefined, mtime: undefined, chunks: bytesOnly(source), close: nothing };
}

async function openFile(path: string): Promise<OpenSource> {
  // Without O_NONBLOCK, a pipe that nobody writes to would keep us waiting, even for a look at it.
  // Windows has neither, and ORs undefined, which changes nothing.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      const what = stats.isDirectory() ? 'is a folder' : 'is no file';
      throw new ClientError('local-file', `${path} ${what}, and a file was expected`);
    }
    const chunks = exactly(handle, stats.size, path);
    const mtime = Math.round(stats.mtimeMs);
    const close = async (): Promise<void> => {
      // A read under way would meet whatever file is opened next in this one's place.
      await chunks.return();
      await handle.close();
    };
    return { size: stats.size, mtime, chunks, close };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file that shrinks or grows while it is read is no version of the file that ever was. */
async function* exactly(
  handle: FileHandle,
  size: number,
  path: string,
): AsyncGenerator<Uint8Array, void, void> {
  let read = 0;
  for await (const chunk of readChunks(handle, 0, size)) {
    read += chunk.length;
    yield chunk;
  }
  if (read < size || (await handle.stat()).size !== size) {
    throw new ClientError('local-file', `${path} changed while it was read; send it again`);
  }
}

async function* bytesOnly(source: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    if (chunk instanceof Uint8Array) yield chunk;
    else if (typeof chunk === 'string') yield Buffer.from(chunk);
    else throw new ClientError('local-file', 'The stream gives something else than bytes');
  }
}

function closeStream(stream: Readable): Promise<void> {
  stream.destroy();
  return Promise.resolve();
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
