import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

// In a process of its own: within a test runner, the compiler takes seconds to load.
test('a program under the strictest settings needs no cast', async () => {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const project = fileURLToPath(new URL('types', import.meta.url));
  const compiling = promisify(execFile)(process.execPath, [compiler, '-p', project]);
  expect(await compiling).toEqual({ stdout: '', stderr: '' });
}, 120_000);
