import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const bench = fileURLToPath(new URL('../vaults.mjs', import.meta.url));

test('the benchmark of vaults runs at a small size, and measures all that it names', async () => {
  const small = ['--mebibytes', '1', '--files', '40', '--folders', '2', '--rounds', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...small, '--json']);
  const { seconds, missing } = JSON.parse(stdout);
  const figures = ['large file up', 'large file down', 'small files up', 'small files down'];
  expect(Object.keys(seconds)).toEqual([...figures, 'wide folder listed']);
  for (const byName of Object.values(seconds)) {
    for (const name of ['e2eeftp plain', 'e2eeftp vault']) {
      expect(byName[name]).toEqual([expect.any(Number)]);
    }
    // Where it is not installed, the result says so.
    expect('rclone crypt' in byName).toBe(!('rclone crypt' in missing));
  }
});
