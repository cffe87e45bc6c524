import { TaskThreads, unpackError } from '@e2eeftp/task-threads';

import { SharedRuns } from '../shared-runs.js';
import { StatsTable, type FileStats } from './file-stats.js';
import {
  fileStates,
  perform,
  type FileToPlace,
  type FileToWrite,
  type Task,
  type TaskResult,
  type WriteOptions,
} from './tasks.js';

/** A small file as it was read. */
export interface ReadFile {
  /** What the system said of it before. */
  readonly stats: FileStats;
  /** Its bytes; nothing when it is no file, or has more of them than the limit. */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined;
  /** Whether it changed while it was read: then these are the bytes of no version of it. */
  readonly hasChanged: boolean;
}

/** A file that got its name. */
export interface PlacedFile {
  /** What the system says of what has the name. */
  readonly stats: FileStats;
  /** Whether something had it before. */
  readonly hasReplaced: boolean;
}

/** Threads at most when nobody says otherwise: so many flushes are under way at once on a slow disk. */
const defaultThreads = 4;

/**
 * Does what there is to do about small files in threads of their own, many files at each crossing.
 *
 * To ask Node's own threads for each call costs far more than the call itself, and small files need
 * many calls. Here, whole batches go over, with all else that is asked for while the threads are busy,
 * and a disk that is slow still keeps nobody else waiting. Where the disk is fast, one thread does it
 * all.
 *
 * Threads begin when there is work for them, and end with {@link SmallFiles.close}. Each does one
 * thing after the other: this is not for large files.
 */
export class SmallFiles {
  readonly #threads: TaskThreads<Task, TaskResult> | undefined;
  readonly #flushes = new SharedRuns();
  #isClosed = false;

  /**
   * @param threads - how many at most; with 0 the caller's own thread does everything and waits for
   *   the disk, which is for programs that cannot start others
   */
  constructor(threads = defaultThreads) {
    const script = new URL('./thread.js', import.meta.url);
    this.#threads = threads === 0 ? undefined : new TaskThreads({ script, threads });
  }

  /**
   * Reads files whole, those that are files and small.
   *
   * @param paths - where they are
   * @param flags - how to open them, as `fs.open` takes them; not for a FIFO that would block
   * @param limit - bytes that each may have
   * @returns for each of them what it is, and its bytes, which lie behind those of the one before; or
   *   the system's error
   */
  async read(
    paths: readonly string[],
    flags: number,
    limit: number,
  ): Promise<readonly (ReadFile | Error)[]> {
    const result = await this.#ask({ type: 'read', paths, flags, limit });
    const { bytes = new Uint8Array(0), lengths = new Float64Array(0) } = result;
    let position = 0;
    return eachOf(result, (state, stats, index): ReadFile => {
      if (state === fileStates.left) return { stats, hasChanged: false };
      const content = bytes.subarray(position, (position += lengths[index] ?? 0));
      return { stats, bytes: content, hasChanged: state === fileStates.changed };
    });
  }

  /**
   * Makes files with all their bytes. Nothing stays of one that fails.
   *
   * @param files - where, and their bytes, which must not change meanwhile; a block of memory that
   *   several of them are in is copied once
   * @param options - how
   * @returns for each of them what the system says of it then, or its error
   */
  async write(
    files: readonly FileToWrite[],
    options: WriteOptions,
  ): Promise<readonly (FileStats | Error)[]> {
    const result = await this.#ask({ type: 'write', files, ...options });
    return eachOf(result, (_state, stats) => stats);
  }

  /**
   * Gives files their names.
   *
   * @param files - which, and where to
   * @returns for each of them what the system says of what has the name then, and whether something
   *   had it before; or its error, `EEXIST` where nothing may be replaced
   */
  async place(files: readonly FileToPlace[]): Promise<readonly (PlacedFile | Error)[]> {
    const result = await this.#ask({ type: 'place', files });
    return eachOf(result, (state, stats) => ({
      stats,
      hasReplaced: state === fileStates.replaced,
    }));
  }

  /**
   * Looks at entries of a folder; symbolic links are looked at themselves.
   *
   * @param folder - a path of the folder
   * @param names - which entries
   * @returns what the system says of each; or its error
   * @throws Error when the threads have died or were closed
   */
  async look(folder: string, names: readonly string[]): Promise<readonly (FileStats | Error)[]> {
    const result = await this.#ask({ type: 'look', folder, names });
    return eachOf(result, (_state, stats) => stats);
  }

  /**
   * @param path - a path
   * @returns whether anything is there, if only a symbolic link that leads nowhere
   * @throws the system's error
   */
  async exists(path: string): Promise<boolean> {
    const { isThere } = await this.#ask({ type: 'exists', path });
    return isThere === true;
  }

  /**
   * Makes durable what was added to a folder, or taken from it. Those who ask while that is being
   * done share the next time.
   *
   * @param path - the folder
   * @returns once everything is durable that was there before this call
   * @throws the system's error
   */
  async flushFolder(path: string): Promise<void> {
    // Windows flushes folders by itself, and cannot open them.
    if (process.platform === 'win32') return;
    await this.#flushes.run(path, async () => {
      await this.#ask({ type: 'flush-folder', path });
    });
  }

  /** Ends the threads. What they have not done yet fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#threads?.close();
  }

  async #ask(task: Task): Promise<TaskResult> {
    if (this.#isClosed) throw new Error('The threads for small files were closed');
    return this.#threads ? this.#threads.run(task) : perform(task);
  }
}

function eachOf<Result>(
  { states = new Uint8Array(0), stats = new BigInt64Array(0), failures = [] }: TaskResult,
  resultOf: (state: number, stats: FileStats, index: number) => Result,
): (Result | Error)[] {
  const table = new StatsTable(stats);
  let failed = 0;
  return Array.from(states, (state, index) => {
    if (state !== fileStates.failed) return resultOf(state, table.get(index), index);
    return unpackError(failures[failed++] ?? { message: 'The system has given no reason' });
  });
}
