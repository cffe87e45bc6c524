#!/usr/bin/env node
// Runs the Jest of this workspace in the current package; arguments go on to Jest.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';

const RESULTS = '.test-results.json';
const JEST_HANGS = 'Jest did not exit one second after the test run has completed';
const EXIT_GRACE_MS = 15_000;

// A run that dies early must not leave the results of an earlier one behind.
rmSync(RESULTS, { force: true });

const child = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    createRequire(import.meta.url).resolve('jest/bin/jest'),
    '--json',
    `--outputFile=${RESULTS}`,
    ...process.argv.slice(2),
  ],
  {
    stdio: ['inherit', 'inherit', 'pipe'],
    env: { ...(process.stderr.isTTY ? { FORCE_COLOR: '1' } : {}), ...process.env },
  },
);

let watched = false;
child.stderr.on('data', (chunk) => {
  process.stderr.write(chunk);
  if (watched || !chunk.includes(JEST_HANGS)) return;
  watched = true;
  setTimeout(() => {
    process.stderr.write('The tests left something running that keeps the process alive.\n');
    child.kill('SIGKILL');
  }, EXIT_GRACE_MS).unref();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
