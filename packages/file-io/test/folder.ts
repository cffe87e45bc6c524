import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from '@jest/globals';

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A folder that is gone after the tests of the file. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-file-io-'));
  folders.push(folder);
  return folder;
}

/** A file in such a folder. */
export async function makeFile(content: Uint8Array): Promise<string> {
  const path = join(await makeFolder(), 'file');
  await writeFile(path, content);
  return path;
}
