import { constants, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

import { readChunks, type SmallFiles } from '@e2eeftp/file-io';

import { ClientError } from '../errors.js';
import { changedError, noFileError } from './local-file-errors.js';
import { openSmallFile } from './small-source.js';
import { versionOf, type SourceVersion } from './source-version.js';

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
  /** Whether it can be read again, from any byte on. */
  readonly isRepeatable: boolean;
  /** For files: which version of the file this is. */
  readonly version?: SourceVersion | undefined;
  /**
   * Reads on from a byte; only from the first, and once, unless it is repeatable. It ends the reading
   * before.
   *
   * @param offset - the byte
   * @returns the bytes; each chunk is valid until the next is asked for
   */
  read(offset: number): AsyncIterable<Uint8Array>;
  /** Frees what the source holds, also while a chunk is awaited. */
  close(): Promise<void>;
}

/**
 * Opens a source.
 *
 * @param source - what is to be sent
 * @param smallFiles - reads small files, where there are many
 * @returns it, ready to be read; to be closed
 * @throws ClientError `local-file` when a file cannot be read or is none
 */
export async function openSource(
  source: UploadSource,
  smallFiles?: SmallFiles,
): Promise<OpenSource> {
  if (typeof source === 'string') {
    return (smallFiles && (await openSmallFile(source, smallFiles))) ?? openFile(source);
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
  if (source instanceof Readable) {
    // It may fail before anybody reads it, and the failure is met then; until then it must not
    // bring the process down.
    source.on('error', () => undefined);
    return { ...unsized, read: () => bytesOnly(source), close: () => closeStream(source) };
  }
  return { ...unsized, read: () => bytesOnly(source), close: nothing };
}

/** What flows by can be read once, and nobody knows how much will come. */
const unsized = { size: undefined, mtime: undefined, isRepeatable: false } as const;

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
  readonly isRepeatable = true;
  readonly version: SourceVersion;
  readonly #path: string;
  readonly #handle: FileHandle;
  #reading: AsyncGenerator<Uint8Array, void, void> | undefined;

  constructor(path: string, handle: FileHandle, stats: BigIntStats) {
    this.#path = path;
    this.#handle = handle;
    this.size = Number(stats.size);
    this.mtime = Math.round(Number(stats.mtimeNs) / 1e6);
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

/**
 * @param bytes - all that there is
 * @yields them
 */
// eslint-disable-next-line @typescript-eslint/require-await
export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  if (bytes.length > 0) yield bytes;
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
