import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const bench = fileURLToPath(new URL('../trees.mjs', import.meta.url));

test('the benchmark of trees runs at a small size, and measures both directions', async () => {
  const args = ['--files', '40', '--folders', '2', '--rounds', '1', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...args]);
  const { files, seconds, missing } = JSON.parse(stdout);
  expect(files).toBe(40);
  for (const contender of ['e2eeftp durable', 'e2eeftp relaxed']) {
    const { up, down } = seconds[contender];
    for (const times of [up, down]) expect(times).toEqual([expect.any(Number)]);
  }
  // Where it is not installed, the result says so.
  expect('sftp' in seconds).toBe(!('sftp' in missing));
});
