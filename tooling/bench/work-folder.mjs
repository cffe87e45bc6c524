// Where a benchmark keeps its files.
import { access, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = '/dev/shm';

/** The file itself, the copy at the server, and the copy that comes back. */
const copies = 3;

/**
 * Does work in a new folder, which is removed afterwards: in memory where there is room, since
 * there the programs are measured and not the disk.
 */
export async function withWorkFolder(base, size, work) {
  const parent = base ?? ((await hasRoom(memory, copies * size)) ? memory : tmpdir());
  const directory = await mkdtemp(join(parent, 'e2eeftp-bench-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function hasRoom(directory, bytes) {
  try {
    await access(directory);
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize > bytes;
  } catch {
    return false;
  }
}
