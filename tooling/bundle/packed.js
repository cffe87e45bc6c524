import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

// Not `npm pack`: it reads all of node_modules first, which takes half a minute.
export async function copyPackage(folder, destination) {
  const cwd = fileURLToPath(folder);
  const { files } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
  const copy = `tar -cf - package.json ${files.join(' ')} | tar -xf - -C "$0"`;
  await run('sh', ['-c', copy, destination], { cwd });
}
