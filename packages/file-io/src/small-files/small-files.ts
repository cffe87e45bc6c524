import { SharedRuns } from '../shared-runs.js';
import { unpackStats, type FileStats } from './file-stats.js';
import { FileThread, type WaitingTask } from './file-thread.js';
import { Slab } from './slab.js';
import { perform, type PlaceTask, type Task, type TaskResult, type WriteTask } from './tasks.js';

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
 * Does what there is to do about small files in threads of their own, several tasks at each crossing.
 *
 * To ask Node's own threads for each call costs far more than the call itself, and small files need
 * many calls. Here, all that is asked for while the threads are busy goes over together, and a disk
 * that is slow still keeps nobody else waiting. Where the disk is fast, one thread does it all.
 *
 * Threads begin when there is work for them, and end with {@link SmallFiles.close}. Each does one
 * thing after the other: this is not for large files.
 */
export class SmallFiles {
  readonly #mostThreads: number;
  readonly #threads: FileThread[] = [];
  readonly #queue: WaitingTask[] = [];
  readonly #flushes = new SharedRuns();
  #isScheduled = false;
  #isClosed = false;

  /**
   * @param threads - how many at most; with 0 the caller's own thread does everything and waits for
   *   the disk, which is for programs that cannot start others
   */
  constructor(threads = defaultThreads) {
    this.#mostThreads = threads;
  }

  /**
   * Reads a file whole, if it is one and small.
   *
   * @param path - where it is
   * @param flags - how to open it, as `fs.open` takes them; not for a FIFO that would block
   * @param limit - bytes that it may have
   * @returns what it is, and its bytes
   * @throws the system's error
   */
  async read(path: string, flags: number, limit: number): Promise<ReadFile> {
    const result = await this.#ask({ type: 'read', path, flags, limit });
    const { stats, bytes, hasChanged = false } = result;
    return { stats: known(stats), bytes, hasChanged };
  }

  /**
   * Makes a file with all its bytes. Nothing of it stays when that fails.
   *
   * @param task - where and how, and its bytes, which must not change meanwhile; the block of memory
   *   that they are in is copied once for all files of it that are written together
   * @returns what the system says of it then
   * @throws the system's error
   */
  async write(task: Omit<WriteTask, 'type'>): Promise<FileStats> {
    const { stats } = await this.#ask({ type: 'write', ...task });
    return known(stats);
  }

  /**
   * Gives a file its name.
   *
   * @param task - which file, and where to
   * @returns what the system says of what has the name then, and whether something had it before
   * @throws the system's error; `EEXIST` where nothing may be replaced
   */
  async place(task: Omit<PlaceTask, 'type'>): Promise<PlacedFile> {
    const { stats, isThere } = await this.#ask({ type: 'place', ...task });
    return { stats: known(stats), hasReplaced: isThere === true };
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
    for (const { reject } of this.#queue.splice(0)) reject(closedError());
    await Promise.all(this.#threads.map((thread) => thread.close(closedError())));
  }

  async #ask(task: Task): Promise<TaskResult> {
    if (this.#isClosed) throw closedError();
    if (this.#mostThreads === 0) return perform(task, new Slab());
    return new Promise<TaskResult>((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#schedule();
    });
  }

  /** Whatever is asked for in this turn of the event loop goes over together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#queue.length === 0 || this.#isClosed) return;
    this.#threadWithRoom()?.send(this.#queue.splice(0));
  }

  #threadWithRoom(): FileThread | undefined {
    const free = this.#threads.find((thread) => thread.hasRoom);
    if (free || this.#threads.length === this.#mostThreads) return free;
    const thread = new FileThread(() => {
      if (this.#queue.length > 0) this.#schedule();
    });
    this.#threads.push(thread);
    return thread;
  }
}

function known(stats: TaskResult['stats']): FileStats {
  if (!stats) throw new Error('The thread has answered something else');
  return unpackStats(stats);
}

function closedError(): Error {
  return new Error('The threads for small files were closed');
}
