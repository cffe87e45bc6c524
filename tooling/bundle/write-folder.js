import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

// Another process may be writing it.
const TEMPORARY = /\.\d+\.tmp$/;

/**
 * Makes a folder hold certain files. Files that are the same already are left alone, and the others
 * replaced at once: a program may be starting from there.
 *
 * @param {string} folder which; it is made when there is none
 * @param {Map<string, string | Uint8Array>} files the paths of the files in it, and their contents
 * @param {{last: string, keeps: (name: string) => boolean}} options the path of the file that needs
 *   the others, and whether something else may stay
 */
export async function writeFolder(folder, files, { last, keeps }) {
  await mkdir(folder, { recursive: true });
  const paths = [...files.keys()].filter((path) => path !== last);
  for (const path of [...paths, last]) await writeChanged(path, files.get(path));
  const names = new Set([...files.keys()].map((path) => basename(path)));
  for (const name of await readdir(folder)) {
    if (names.has(name) || keeps(name) || TEMPORARY.test(name)) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function writeChanged(path, contents) {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(Buffer.from(contents))) return;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, contents);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
