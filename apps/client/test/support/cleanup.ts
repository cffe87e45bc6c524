import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach } from '@jest/globals';

const tasks: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const task of tasks.splice(0).reverse()) await task();
});

/** Does something when the test is over, last things first. */
export function afterThisTest(task: () => Promise<unknown> | undefined): void {
  tasks.push(task);
}

/** A folder that is gone when the test is over. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-app-'));
  afterThisTest(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
