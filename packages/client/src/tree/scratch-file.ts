import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { ClientError } from '../errors.js';

/** A file for what is too much for the memory, which nobody else can read. It is never left behind. */
export class ScratchFile {
  readonly #handle: FileHandle;
  readonly #folder: string;

  private constructor(handle: FileHandle, folder: string) {
    this.#handle = handle;
    this.#folder = folder;
  }

  /**
   * @param parent - the folder to put it into; by default the one for what is temporary
   * @returns an empty file, which the caller closes
   * @throws ClientError `local-file`
   */
  static async create(parent = tmpdir()): Promise<ScratchFile> {
    try {
      const folder = await mkdtemp(join(parent, 'e2eeftp-scratch-'));
      try {
        const scratch = new ScratchFile(await open(join(folder, 'scratch'), 'ax+', 0o600), folder);
        // Where a file in use may lose its name (not on Windows), not even a crash leaves it behind.
        await remove(folder).catch(() => undefined);
        return scratch;
      } catch (error) {
        await remove(folder).catch(() => undefined);
        throw error;
      }
    } catch (error) {
      throw failure(`make a temporary file in ${parent}`, error);
    }
  }

  /**
   * @param data - what to put behind all that is in it
   * @throws ClientError `local-file`
   */
  async append(data: Uint8Array | string): Promise<void> {
    try {
      await this.#handle.appendFile(data);
    } catch (error) {
      throw this.#failure('keep', error);
    }
  }

  /**
   * @param buffer - takes what is read; all of it is filled
   * @param start - the first byte to read
   * @returns the buffer
   * @throws ClientError `local-file`, also when the file has not as many bytes
   */
  async read(buffer: Buffer, start: number): Promise<Buffer> {
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await this.#handle.read(buffer, length, undefined, start + length);
      if (bytesRead === 0) throw this.#failure('read', new Error('the file has lost its end'));
      length += bytesRead;
    }
    return buffer;
  }

  /** @returns the lines that were put into it */
  lines(): AsyncIterable<string> {
    return this.#handle.readLines({ autoClose: false, start: 0 });
  }

  /** Forgets everything. */
  async close(): Promise<void> {
    try {
      await this.#handle.close();
    } finally {
      await remove(this.#folder);
    }
  }

  #failure(verb: string, cause: unknown): ClientError {
    return failure(`${verb} what is too much for the memory in ${dirname(this.#folder)}`, cause);
  }
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/** What the system says names no folder that a person would think of. */
function failure(what: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? cause.message : 'unknown failure';
  const advice = 'make room there, or name another folder in TMPDIR';
  return new ClientError('local-file', `Cannot ${what}: ${reason}; ${advice}`, { cause });
}
