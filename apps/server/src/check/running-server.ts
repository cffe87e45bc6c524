import { open, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

/** How long a server may be too busy to answer, in milliseconds. */
const patience = 2000;
/** What the sockets are called by which a server holds its data directory. */
const lockPrefix = 'lock.';

/**
 * @param directory - a data directory
 * @returns whether a server runs on it now; one that is left from a server that died does not count
 */
export async function isServed(directory: string): Promise<boolean> {
  const own = join(directory, '.e2eeftp');
  const handle = await open(own, 'r').catch(() => undefined);
  if (!handle) return false;
  try {
    const names = await readdir(own);
    // A socket's path has room for about 100 bytes only; through the open folder it is short.
    const folder = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : own;
    const sockets = names.filter((name) => name.startsWith(lockPrefix));
    const answers = await Promise.all(sockets.map((name) => isAlive(join(folder, name))));
    return answers.includes(true);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (isAnswered: boolean): void => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.setTimeout(patience, () => {
      settle(false);
    });
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}
