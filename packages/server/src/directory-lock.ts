import { randomBytes } from 'node:crypto';
import { link, open, stat, unlink, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';

import { ServerError } from './server-error.js';

const lockName = 'lock';
const attempts = 3;

/**
 * Holds a data directory for this process alone: two servers on one directory would take each
 * other's uploads for leftovers.
 *
 * The lock is a socket that listens. The kernel closes it with the process, however that dies,
 * so a lock that nobody answers is stale and is taken over.
 */
export class DirectoryLock {
  readonly #server: Server;
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(server: Server, handle: FileHandle, path: string) {
    this.#server = server;
    this.#handle = handle;
    this.#path = path;
  }

  /**
   * @param directory - the directory to hold, which exists
   * @returns the lock, to be released
   * @throws ServerError `in-use` when another process holds it
   */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const handle = await open(directory, 'r');
    const server = createServer((socket) => socket.destroy());
    try {
      // A socket's path has room for about 100 bytes only; through the open folder it is short.
      const base = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : directory;
      const own = `${base}/${lockName}.${randomBytes(8).toString('hex')}`;
      const path = `${base}/${lockName}`;
      await listen(server, own);
      try {
        await takePlace(own, path, directory);
      } finally {
        await unlink(own);
      }
      return new DirectoryLock(server, handle, path);
    } catch (error) {
      server.close();
      await handle.close();
      throw error;
    }
  }

  /** Lets others have the directory. */
  async release(): Promise<void> {
    await unlink(this.#path).catch(() => undefined);
    await new Promise<void>((resolve) => {
      this.#server.close(() => { resolve(); });
    });
    await this.#handle.close();
  }
}

/** Gives our socket the lock's name, unless somebody answers at that name. */
async function takePlace(own: string, path: string, directory: string): Promise<void> {
  const inUse = new ServerError('in-use', `Another server runs on ${directory}; stop it first`);
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      await link(own, path);
      // Two that found the same stale lock may both have removed it: the later one holds the name.
      if ((await stat(own)).ino === (await stat(path)).ino) return;
    } catch (error) {
      if (!isSystemError(error, 'EEXIST') && !isSystemError(error, 'ENOENT')) throw error;
      if (await isAnswered(path)) throw inUse;
      await unlink(path).catch(() => undefined);
    }
  }
  throw inUse;
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

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => { socket.destroy(); resolve(false); });
  });
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
