import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Puts a small file system of its own at a directory while work is done.
 *
 * @returns whether this process has the right to do so; otherwise nothing was done
 */
export async function withMount(
  directory: string,
  options: string,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  } catch {
    return false;
  }
  try {
    await work();
  } finally {
    await run('umount', [directory]);
  }
  return true;
}

/** Makes a FIFO, which Node cannot. */
export async function makeFifo(path: string): Promise<void> {
  await run('mkfifo', [path]);
}
