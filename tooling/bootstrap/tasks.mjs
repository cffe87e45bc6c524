import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { install } from './install.mjs';
import { rootDir, run } from './process.mjs';
import { packageDirs, removeResults, summary } from './results.mjs';

const turbo = (task, ...args) => ['turbo', 'run', task, '--output-logs=errors-only', ...args];

const node = (script, ...args) => [process.execPath, join(rootDir, script), ...args];

// In the order in which `npm test` starts them, the longest first. All but the tests hold their
// output back until they fail.
const CHECKS = {
  // One process for all: it reads the types of every package once.
  lint: ['eslint', '.'],
  typecheck: turbo('typecheck', '--concurrency=1'),
  packages: turbo('check-package', '--concurrency=1'),
  'format:check': ['prettier', '--check', '--log-level=warn', '.'],
  'docs:api': turbo('docs:api', '--concurrency=1'),
  imports: ['depcruise', '--config', '.dependency-cruiser.mjs', 'packages', 'apps'],
  unused: ['knip'],
};

// Each of them has one thread of work, and a machine two cores at least.
const CHECKS_AT_ONCE = 2;

// They see other packages as what the compiler made of them.
const NEED_BUILD = new Set(['lint', 'typecheck', 'imports', 'packages', 'docs:api']);

const TASKS = {
  bench: (args) => inOrder(turbo('build'), node('tooling/bench/bench.mjs', ...args)),
  build: () => inOrder(turbo('build')),
  clean: () => clean(),
  demo: (args) => inOrder(turbo('build'), node('tooling/demo/demo.mjs', ...args)),
  format: () => inOrder(['prettier', '--write', '--log-level=warn', '.']),
  test: () => test(),
  ...Object.fromEntries(
    Object.entries(CHECKS).map(([name, command]) => [
      name,
      () => (NEED_BUILD.has(name) ? inOrder(turbo('build'), command) : inOrder(command)),
    ]),
  ),
};

/**
 * Installs what is missing, then runs the task that the first argument names.
 *
 * @param {string[]} args the task, and arguments for it
 * @returns {Promise<number>} the exit code
 */
export async function main([name, ...args]) {
  const task = Object.hasOwn(TASKS, name ?? '') ? TASKS[name] : undefined;
  if (task === undefined) {
    console.error(`Tasks: ${Object.keys(TASKS).sort().join(', ')}`);
    return 2;
  }
  const installed = await step('install', install);
  if (installed !== 0) return installed;
  return task(args);
}

async function inOrder(...commands) {
  for (const command of commands) {
    const { code } = await run(command);
    if (code !== 0) return code;
  }
  return 0;
}

async function step(name, action) {
  const start = performance.now();
  const { code, output } = await action();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (code !== 0) process.stdout.write(output);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  return code;
}

async function test() {
  removeResults();
  const failed = [];
  const check = async (name, action) => {
    const code = await step(name, action);
    if (code !== 0) failed.push(name);
    return code;
  };
  if ((await check('build', () => run(turbo('build'), { capture: true }))) === 0) {
    const checks = Object.entries(CHECKS);
    const work = async () => {
      for (let next = checks.shift(); next; next = checks.shift()) {
        const [name, command] = next;
        await check(name, () => run(command, { capture: true }));
      }
    };
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, work));
    // One package at a time: each already uses several processes.
    await check('test', () => run(turbo('test', '--continue', '--concurrency=1')));
  }
  const { lines, passed, failed: failedTests } = summary();
  for (const line of lines) console.log(line);
  if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`);
  console.log(`${passed} passed, ${failedTests} failed`);
  return failed.length > 0 || failedTests > 0 || passed === 0 ? 1 : 0;
}

function clean() {
  for (const dir of packageDirs()) {
    for (const name of ['dist', '.turbo'])
      rmSync(join(dir, name), { recursive: true, force: true });
  }
  removeResults();
  rmSync(join(rootDir, '.turbo'), { recursive: true, force: true });
  return 0;
}
