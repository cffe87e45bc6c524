import { constants, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';

import { readChunks } from '@e2eeftp/file-io';

import { bytesOnly, oneChunk, unsized } from './flowing-bytes.js';
import { changedError, noFileError } from './local-file-errors.js';
import type { OpenSource } from './open-source.js';
import { modifiedAt, permissionsOf, versionOf, type SourceVersion } from './source-version.js';
import { WebStreamSource } from './web-stream-source.js';

/**
 * Bytes that can be read again from any of them on, such as those that a program makes out of a file
 * while they are sent.
 */
export interface RepeatableSource {
  /** Bytes. */
  readonly size: number;
  /**
   * The absolute path of the local file that they are made of, and its version, when a later run makes
   * the same bytes out of the same file.
   */
  readonly local?: string | undefined;
  readonly version?: SourceVersion | undefined;
  /**
   * Reads on from a byte; it ends the reading before.
   *
   * @param offset - the byte
   * @returns the bytes; each chunk is valid until the next is asked for
   */
  read(offset: number): AsyncIterable<Uint8Array>;
}

/**
 * What can be sent: a path of the local file system; bytes; a Blob; or anything that gives bytes one
 * chunk after the other, such as a Readable, a ReadableStream, a generator, or an array of chunks.
 * Paths, bytes, Blobs and a {@link RepeatableSource} can be read again, so that a broken upload goes on.
 */
export type UploadSource =
  | string
  | Uint8Array
  | Blob
  | Readable
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | RepeatableSource;

/**
 * Opens a source.
 *
 * @param source - what is to be sent
 * @returns it, ready to be read; to be closed
 * @throws ClientError `local-file` when a file cannot be read or is none
 */
export async function openSource(source: UploadSource): Promise<OpenSource> {
  if (typeof source === 'string') {
    return openFile(source);
  }
  if (source instanceof Uint8Array) {
    return {
      size: source.length,
      mtime: undefined,
      isRepeatable: true,
      read: (offset) => oneChunk(source.subarray(offset)),
      close: nothing,
    };
  }
  if (source instanceof Blob) {
    return {
      size: source.size,
      mtime: undefined,
      isRepeatable: true,
      read: (offset) => new WebStreamSource(source.slice(offset).stream()).read(),
      close: nothing,
    };
  }
  if (source instanceof ReadableStream) return new WebStreamSource(source);
  if (source instanceof Readable) {
    // It may fail before anybody reads it, and the failure is met then; until then it must not
    // bring the process down.
    source.on('error', () => undefined);
    return { ...unsized, read: () => bytesOnly(source), close: () => closeStream(source) };
  }
  if (isRepeatable(source)) {
    const { size, local, version } = source;
    const read = (offset: number): AsyncIterable<Uint8Array> => source.read(offset);
    return { size, mtime: undefined, isRepeatable: true, local, version, read, close: nothing };
  }
  return { ...unsized, read: () => bytesOnly(source), close: nothing };
}

function isRepeatable(source: object): source is RepeatableSource {
  return 'read' in source && !(Symbol.asyncIterator in source) && !(Symbol.iterator in source);
}

async function openFile(path: string): Promise<OpenSource> {
  // Without O_NONBLOCK, a pipe that nobody writes to would keep us waiting, even for a look at it.
  // Windows has neither, and ORs undefined, which changes nothing.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw noFileError(path, stats);
    return new FileSource(path, handle, stats);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file of the local file system, as it was when it was opened. */
class FileSource implements OpenSource {
  readonly size: number;
  readonly mtime: number;
  readonly mode: number | undefined;
  readonly isRepeatable = true;
  readonly local: string;
  readonly version: SourceVersion;
  readonly #path: string;
  readonly #handle: FileHandle;
  #reading: AsyncGenerator<Uint8Array, void, void> | undefined;

  constructor(path: string, handle: FileHandle, stats: BigIntStats) {
    this.#path = path;
    this.#handle = handle;
    this.size = Number(stats.size);
    this.mtime = modifiedAt(stats);
    this.mode = permissionsOf(stats);
    this.local = resolve(path);
    this.version = versionOf(stats);
  }

  read(offset: number): AsyncIterable<Uint8Array> {
    this.#reading = this.#read(offset, this.#reading);
    return this.#reading;
  }

  async close(): Promise<void> {
    // A read under way would meet whatever file is opened next in this one's place.
    await this.#reading?.return();
    await this.#handle.close();
  }

  /** A file that changes while it is read is no version of the file that ever was. */
  async *#read(
    offset: number,
    earlier: AsyncGenerator<Uint8Array, void, void> | undefined,
  ): AsyncGenerator<Uint8Array, void, void> {
    await earlier?.return();
    yield* readChunks(this.#handle, offset, this.size - offset);
    const { name } = versionOf(await this.#handle.stat({ bigint: true }));
    if (name !== this.version.name) throw changedError(this.#path);
  }
}

function closeStream(stream: Readable): Promise<void> {
  stream.destroy();
  return Promise.resolve();
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
