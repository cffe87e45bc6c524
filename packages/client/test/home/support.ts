import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from '@jest/globals';

import { ClientError } from '../../src/index.js';

const folders: string[] = [];

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A folder that is gone after the tests of the file. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-client-'));
  folders.push(folder);
  return folder;
}

/** What an operation fails with. */
export async function failureOf(
  operation: Promise<unknown> | (() => unknown),
): Promise<ClientError> {
  try {
    await (typeof operation === 'function' ? operation() : operation);
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  throw new Error('It did not fail');
}
