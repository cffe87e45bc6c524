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
  try {
    await makeUnlessThere(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await makeUnlessThere(path);
  }
}

async function makeUnlessThere(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
}
