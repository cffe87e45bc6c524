import { constants } from 'node:fs';
import { link, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { FileWriter, SharedRuns } from '@e2eeftp/file-io';

import { ClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';
import { keptError } from './local-file-errors.js';
import { partPathFor } from './part-name.js';

/** What to do about a file that is there already. */
export type LocalOverwrite = 'always' | 'never';

/** What a local file is to have besides its content. */
export interface FileFacts {
  /** Milliseconds since 1970; by default the time of its making. */
  readonly mtime?: number | undefined;
  /** Permission bits; by default those that the system gives to new files. */
  readonly mode?: number | undefined;
}

/**
 * A file that is being received. It gets its name only when it is whole and flushed; until then
 * the older file of that name stays as it is.
 */
export class LocalFile {
  readonly #path: string;
  readonly #partPath: string;
  readonly #handle: FileHandle;
  readonly #writer: FileWriter;
  #isOpen = true;
  #isKept = false;
  #onFlushed: ((bytes: number) => void) | undefined;

  private constructor(path: string, partPath: string, handle: FileHandle, start: number) {
    this.#path = path;
    this.#partPath = partPath;
    this.#handle = handle;
    this.#writer = new FileWriter(handle, {
      flushTurn: { isTaken: false },
      start,
      onFlushed: (bytes) => this.#onFlushed?.(bytes),
    });
  }

  /**
   * Begins a file, under a name of its own in the folder where it will be.
   *
   * @param path - where the file will be
   * @returns the file, to be committed or discarded
   * @throws the system's error when no file can be made there
   */
  static async create(path: string): Promise<LocalFile> {
    const partPath = partPathFor(path);
    return new LocalFile(path, partPath, await open(partPath, 'wx', 0o666), 0);
  }

  /**
   * Goes on with a file that was kept, under another name: whoever has it open still, and writes to
   * it, cannot give it its name any more.
   *
   * @param path - where the file will be
   * @param partPath - where it is, as {@link LocalFile.partPath} said
   * @param length - bytes of it that are known to be right; the rest is cut off
   * @param whole - bytes that it can have at most
   * @returns the file; nothing when it is not there any more, or of another length: it is removed then
   * @throws the system's error when it cannot be used
   */
  static async reopen(
    path: string,
    partPath: string,
    length: number,
    whole: number,
  ): Promise<LocalFile | undefined> {
    const own = partPathFor(path);
    if (!(await renameIfThere(partPath, own))) return undefined;
    let handle: FileHandle | undefined;
    try {
      handle = await open(own, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const stats = await handle.stat();
      if (stats.isFile() && stats.size >= length && length <= whole) {
        await handle.truncate(length);
        return new LocalFile(path, own, handle, length);
      }
    } catch (error) {
      await discardPart(own, handle);
      throw error;
    }
    await discardPart(own, handle);
    return undefined;
  }

  /** Where the file is until it gets its name. */
  get partPath(): string {
    return this.#partPath;
  }

  /** Whether it can be written: neither committed, discarded nor kept. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes that were written. */
  get size(): number {
    return this.#writer.size;
  }

  /** @param listener - hears now and then how many bytes are durable */
  set onFlushed(listener: (bytes: number) => void) {
    this.#onFlushed = listener;
  }

  /**
   * @param parts - what comes next, which must not change afterwards
   * @returns once there is room for more
   */
  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.#writer.write(parts);
  }

  /**
   * Flushes the file and gives it its name.
   *
   * @param overwrite - what to do about a file that is there already
   * @param facts - what it is to have besides its content
   * @throws ClientError `conflict` when a file is there that may not be replaced
   */
  async commit(overwrite: LocalOverwrite, { mtime, mode }: FileFacts = {}): Promise<void> {
    await this.#writer.finish();
    if (mode !== undefined) await this.#handle.chmod(mode);
    if (mtime !== undefined) await this.#handle.utimes(mtime / 1000, mtime / 1000);
    await this.#handle.sync();
    this.#isOpen = false;
    await this.#handle.close();
    try {
      if (overwrite === 'always') await rename(this.#partPath, this.#path);
      else await this.#linkIntoPlace();
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error;
      const message = `Another program goes on with receiving ${this.#path}; wait for it`;
      throw new ClientError('conflict', message, { cause: error });
    }
    await flushFolder(dirname(this.#path));
  }

  /** Gives the file up. After a commit, or when it is kept, this does nothing. */
  async discard(): Promise<void> {
    if (this.#isKept) return;
    if (this.#isOpen) {
      this.#isOpen = false;
      await this.#writer.abandon();
      await this.#handle.close();
    }
    await unlink(this.#partPath).catch(() => undefined);
  }

  /**
   * Stops, and keeps what has come for {@link LocalFile.reopen}.
   *
   * @returns bytes that are durable
   * @throws the system's error
   */
  async keep(): Promise<number> {
    this.#isOpen = false;
    try {
      await this.#writer.settle();
      await this.#handle.datasync();
      this.#isKept = true;
      return this.#writer.written;
    } finally {
      await this.#writer.abandon();
      await this.#handle.close();
    }
  }

  /** Only a link fails where another program was faster; asking first would not. */
  async #linkIntoPlace(): Promise<void> {
    try {
      await link(this.#partPath, this.#path);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
      throw keptError(this.#path);
    }
  }
}

/**
 * @param path - a local path
 * @returns whether something is there, if only a symbolic link that leads nowhere
 * @throws the system's error when it cannot be known
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

async function discardPart(path: string, handle: FileHandle | undefined): Promise<void> {
  await handle?.close();
  await unlink(path).catch(() => undefined);
}

const flushes = new SharedRuns();

/** A name is durable when its folder is; systems without that (Windows) do it by themselves. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await flushes.run(path, () => flushNow(path));
}

async function flushNow(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
