import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { ServerError } from './server-error.js';

/** How long to wait for others that want the lock too, or that are too busy to answer. */
const patience = 5000;
const pollInterval = 10;
/** Milliseconds after which a socket that was not shown yet belongs to nobody any more. */
const showingTime = 60_000;

type State = 'wanted' | 'held';
type OtherState = State | 'silent' | 'gone';

/**
 * Holds a directory for this process alone: two servers on one data directory would take each
 * other's uploads for leftovers.
 *
 * Whoever wants the lock listens at a socket of its own beside it, which says whether it holds the
 * lock or only wants it. The kernel closes a socket with its process, however that dies, so one
 * that nobody listens at is stale; and since no two share a name, removing a stale one never hits
 * anybody else. Each shows its socket before it looks at the others, so of any two at least one
 * sees the other: a holder keeps the lock, and of those who want it the first by name goes on.
 */
export class DirectoryLock {
  readonly #server: Server;
  readonly #handle: FileHandle;
  readonly #directory: string;
  readonly #prefix: string;
  readonly #name: string;
  #state: State = 'wanted';

  private constructor(handle: FileHandle, directory: string, lockName: string) {
    this.#handle = handle;
    // A socket's path has room for about 100 bytes only; through the open folder it is short.
    this.#directory = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : directory;
    this.#prefix = `${lockName}.`;
    this.#name = `${this.#prefix}${randomBytes(8).toString('hex')}`;
    this.#server = createServer((socket) => {
      // Whoever asks may hang up at any time.
      socket.on('error', () => undefined);
      socket.end(this.#state, () => socket.destroy());
    });
  }

  /**
   * @param directory - the directory to hold, which exists
   * @param lockName - which of the directory's locks; a plain file name
   * @returns the lock, to be released
   * @throws ServerError `in-use` when another process holds it; the system's error
   */
  static async acquire(directory: string, lockName = 'lock'): Promise<DirectoryLock> {
    const lock = new DirectoryLock(await open(directory, 'r'), directory, lockName);
    try {
      await lock.#show();
      if (await lock.#prevails()) return lock;
      throw new ServerError('in-use', `Another process uses ${directory}; stop it first`);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Lets others have the directory. */
  async release(): Promise<void> {
    await unlink(this.#path(this.#name)).catch(() => undefined);
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    await this.#handle.close().catch(() => undefined);
  }

  /** Makes our socket known once it answers: found earlier, it would be taken for a stale one. */
  async #show(): Promise<void> {
    const hidden = this.#path(`.${this.#name}`);
    await listen(this.#server, hidden);
    await rename(hidden, this.#path(this.#name));
  }

  async #prevails(): Promise<boolean> {
    const names = await readdir(this.#directory);
    for (const name of names) {
      if (name.startsWith(`.${this.#prefix}`))
        await this.#removeHidden(name).catch(() => undefined);
      if (name.startsWith(this.#prefix) && name !== this.#name) {
        if (!(await this.#outlasts(name))) return false;
      }
    }
    this.#state = 'held';
    return true;
  }

  /** Waits for the end of one that gives way to us; whom we give way to, nobody waits for. */
  async #outlasts(name: string): Promise<boolean> {
    const path = this.#path(name);
    const deadline = performance.now() + patience;
    while (performance.now() < deadline) {
      const state = await ask(path, deadline - performance.now());
      if (state === 'gone') {
        await unlink(path).catch(() => undefined);
        return true;
      }
      if (state === 'held' || (state === 'wanted' && name < this.#name)) return false;
      await delay(pollInterval);
    }
    return false;
  }

  /** One that died before it showed its socket is no rival, and has left it behind. */
  async #removeHidden(name: string): Promise<void> {
    const path = this.#path(name);
    const { mtimeMs } = await lstat(path);
    if (Date.now() - mtimeMs > showingTime) await unlink(path);
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.unref();
      resolve();
    });
  });
}

/** Only a socket that is missing or that nobody listens at proves that its process is gone. */
function ask(path: string, timeout: number): Promise<OtherState> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let said = '';
    const settle = (state: OtherState): void => {
      socket.destroy();
      resolve(state);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(Math.max(1, timeout), () => {
      settle('silent');
    });
    socket.on('data', (text: string) => {
      said += text;
    });
    socket.on('end', () => {
      settle(said === 'held' || said === 'wanted' ? said : 'silent');
    });
    socket.on('error', (error) => {
      const isGone = 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
      settle(isGone ? 'gone' : 'silent');
    });
  });
}
