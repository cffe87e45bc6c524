import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { systemCodeOf } from './store/system-errors.js';

/**
 * Makes a directory, for its owner alone, and those above it. One that exists is left as it is.
 *
 * Node's own `recursive` never ends where the system says of every name that its parent is
 * missing, as Linux does in `/proc`.
 *
 * @param path - the directory
 * @throws the system's error
 */
export async function makeDirectory(path: string): Promise<void> {
  if (await isMade(path)) return;
  await makeDirectory(dirname(path));
  await mkdir(path, { mode: 0o700 });
}

async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
}
