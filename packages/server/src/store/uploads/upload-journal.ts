import { readFile, unlink } from 'node:fs/promises';

import { pathSchema, type RemotePath, type StoredFile } from '@e2eeftp/protocol';
import * as z from 'zod';

import { replaceFile } from '../../replace-file.js';
import { systemCodeOf } from '../system-errors.js';

const count = z.int().nonnegative();

const stateSchema = z.strictObject({
  path: pathSchema,
  size: count.nullable(),
  /** Bytes that are durable. */
  offset: count,
  /** Which file on the disk holds them. */
  inode: z.string(),
  /** The file as stored, once it is. */
  done: z
    .strictObject({ size: count, mtime: z.int(), etag: z.string(), mode: count.optional() })
    .nullable(),
});

/** What is known of an upload that can be resumed. */
export interface UploadState {
  /** Where the file will be. */
  readonly path: RemotePath;
  /** Bytes that it will have, when the client said. */
  readonly size: number | null;
  /** Bytes that are durable. */
  readonly offset: number;
  /** Which file on the disk holds them: its device and inode. */
  readonly inode: string;
  /** The file as stored, once it is. */
  readonly done: StoredFile | null;
}

/**
 * Remembers on the disk how far an upload is, so that it survives the connection, the process and
 * the machine. What it says is never more than what is durable.
 */
export class UploadJournal {
  readonly #path: string;
  #state: UploadState;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, state: UploadState) {
    this.#path = path;
    this.#state = state;
  }

  /**
   * @param path - the journal's file; an older one is replaced
   * @param state - how far the upload is
   * @returns the journal, written
   */
  static async create(path: string, state: UploadState): Promise<UploadJournal> {
    const journal = new UploadJournal(path, state);
    await journal.update({});
    return journal;
  }

  /**
   * @param path - the journal's file
   * @returns the journal; nothing when there is none, or none that can be used
   */
  static async read(path: string): Promise<UploadJournal | undefined> {
    try {
      const content: unknown = JSON.parse(await readFile(path, 'utf8'));
      const { success, data } = stateSchema.safeParse(content);
      return success ? new UploadJournal(path, data) : undefined;
    } catch (error) {
      if (error instanceof SyntaxError || systemCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** What it says. */
  get state(): UploadState {
    return this.#state;
  }

  /**
   * Writes down what has changed.
   *
   * @param change - what has
   * @returns once the journal says so
   */
  update(change: Partial<UploadState>): Promise<void> {
    const { offset } = this.#state;
    this.#state = { ...this.#state, ...change };
    const text = JSON.stringify(this.#state);
    const isLess = this.#state.offset < offset;
    const written = this.#writing.then(() => this.#write(text, isLess));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /** Forgets the upload. */
  async remove(): Promise<void> {
    await this.#writing;
    await unlink(this.#path).catch((error: unknown) => {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
    });
  }

  /** No loss of power may bring a journal back that says more. */
  #write(text: string, isLess: boolean): Promise<void> {
    return replaceFile(this.#path, text, { mode: 0o600, flushesFolder: isLess });
  }
}
