import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { FileWriter } from '@e2eeftp/file-io';

import { ClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';

/** What to do about a file that is there already. */
export type LocalOverwrite = 'always' | 'never';

/** Room for the random part and the endings, in a name of at most 255 bytes. */
const keptNameLength = 180;

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

  private constructor(path: string, partPath: string, handle: FileHandle) {
    this.#path = path;
    this.#partPath = partPath;
    this.#handle = handle;
    this.#writer = new FileWriter(handle, { flushTurn: { isTaken: false } });
  }

  /**
   * Begins a file, under a name of its own in the folder where it will be.
   *
   * @param path - where the file will be
   * @returns the file, to be committed or discarded
   * @throws the system's error when no file can be made there
   */
  static async create(path: string): Promise<LocalFile> {
    const stem = startOf(basename(path), keptNameLength);
    const partPath = join(dirname(path), `.${stem}.${randomBytes(6).toString('hex')}.part`);
    return new LocalFile(path, partPath, await open(partPath, 'wx', 0o666));
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
   * @param mtime - milliseconds since 1970; by default now
   * @throws ClientError `conflict` when a file is there that may not be replaced
   */
  async commit(overwrite: LocalOverwrite, mtime: number | undefined): Promise<void> {
    await this.#writer.finish();
    if (mtime !== undefined) await this.#handle.utimes(mtime / 1000, mtime / 1000);
    await this.#handle.sync();
    this.#isOpen = false;
    await this.#handle.close();
    if (overwrite === 'always') await rename(this.#partPath, this.#path);
    else await this.#linkIntoPlace();
    await flushFolder(dirname(this.#path));
  }

  /** Gives the file up. After a commit, this does nothing. */
  async discard(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      await this.#writer.abandon();
      await this.#handle.close();
    }
    await unlink(this.#partPath).catch(() => undefined);
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

/**
 * @param path - a local file that may not be replaced
 * @returns what is wrong about a file in its place
 */
export function keptError(path: string): ClientError {
  return new ClientError('conflict', `${path} exists already and is kept`);
}

/** Cuts between characters, since half of one is no valid name. */
function startOf(name: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(bytes));
  return name.slice(0, read);
}

/** A name is durable when its folder is; systems without that (Windows) do it by themselves. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
