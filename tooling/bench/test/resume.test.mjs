import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

const bench = fileURLToPath(new URL('../resume.mjs', import.meta.url));

test('a broken transfer ends right, and the benchmark says what the break has cost', async () => {
  const args = [bench, '--size', '8', '--rounds', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { isSame, size, library, program } = JSON.parse(stdout);
  expect({ isSame, size }).toEqual({ isSame: true, size: 8 * 2 ** 20 });
  for (const { up, down } of [library, program]) {
    for (const { beyondMissing } of [up, down]) expect(beyondMissing).toEqual(expect.any(Number));
  }
}, 120_000);
