import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Does work in a directory of its own, which is removed afterwards. */
export async function inTemporaryDirectory<Result>(
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = await makeTemporaryDirectory();
  try {
    return await work(directory);
  } finally {
    await removeDirectory(directory);
  }
}

export function makeTemporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'e2eeftp-store-'));
}

export function removeDirectory(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true });
}
