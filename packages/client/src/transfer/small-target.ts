import { unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { SmallFiles } from '@e2eeftp/file-io';

import { isSystemError } from '../system-error.js';
import type { FileFacts, LocalOverwrite } from './local-file.js';
import { keptError } from './local-file-errors.js';
import type { OpenTarget } from './open-target.js';
import { partPathFor } from './part-name.js';

/** A small file that is being received: it is written at once, when all of it has come. */
export class SmallFileTarget implements OpenTarget {
  readonly canStartOver = true;
  readonly #path: string;
  readonly #overwrite: LocalOverwrite;
  readonly #smallFiles: SmallFiles;
  readonly #parts: Uint8Array[] = [];
  /** Where the file lies before it gets its name. */
  #partPath: string | undefined;

  /**
   * @param path - where the file will be
   * @param overwrite - what to do about a file that is there already
   * @param smallFiles - writes it
   */
  constructor(path: string, overwrite: LocalOverwrite, smallFiles: SmallFiles) {
    this.#path = path;
    this.#overwrite = overwrite;
    this.#smallFiles = smallFiles;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    this.#parts.push(...parts);
    return Promise.resolve();
  }

  async commit({ mtime, mode }: FileFacts = {}): Promise<void> {
    const from = partPathFor(this.#path);
    await this.#smallFiles.write({
      path: from,
      flags: 'wx',
      mode: 0o666,
      permissions: mode,
      bytes: Buffer.concat(this.#parts),
      mtime: mtime === undefined ? undefined : mtime / 1000,
      isDurable: true,
    });
    this.#partPath = from;
    const replaces = this.#overwrite === 'always';
    try {
      await this.#smallFiles.place({ from, to: this.#path, replaces });
    } catch (error) {
      if (isSystemError(error, 'EEXIST')) throw keptError(this.#path);
      throw error;
    }
    this.#partPath = undefined;
    await this.#smallFiles.flushFolder(dirname(this.#path));
  }

  async close(): Promise<void> {
    if (this.#partPath !== undefined) await unlink(this.#partPath).catch(() => undefined);
  }
}
