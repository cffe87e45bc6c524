import type { Writable } from 'node:stream';

import { LocalFile, type FileFacts, type LocalOverwrite } from './local-file.js';
import type { OpenTarget } from './open-target.js';
import { StreamTarget } from './stream-target.js';
import { WebStreamTarget } from './web-stream-target.js';

/** Where something can be received: a path of the local file system, or a stream of either kind. */
export type DownloadTarget = string | Writable | WritableStream<Uint8Array>;

/**
 * Opens a target.
 *
 * @param target - where to
 * @param overwrite - what to do about a file that is there already
 * @param signal - ends the wait for a stream that takes nothing more
 * @returns it, ready to be written; to be closed
 */
export async function openTarget(
  target: DownloadTarget,
  overwrite: LocalOverwrite,
  signal: AbortSignal | undefined,
): Promise<OpenTarget> {
  if (target instanceof WritableStream) return new WebStreamTarget(target, signal);
  if (typeof target !== 'string') return new StreamTarget(target, signal);
  return new FileTarget(await LocalFile.create(target), overwrite);
}

/** A file that gets its name when all of it has come. */
export class FileTarget implements OpenTarget {
  readonly canStartOver = true;
  readonly file: LocalFile;
  readonly #overwrite: LocalOverwrite;

  /**
   * @param file - the file
   * @param overwrite - what to do about a file that is there already
   */
  constructor(file: LocalFile, overwrite: LocalOverwrite) {
    this.file = file;
    this.#overwrite = overwrite;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    return this.file.write(parts);
  }

  commit(facts?: FileFacts): Promise<void> {
    return this.file.commit(this.#overwrite, facts);
  }

  close(): Promise<void> {
    return this.file.discard();
  }
}
