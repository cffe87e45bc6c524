import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const DEADLINE_MS = 30_000;

/**
 * Runs JavaScript in a package's folder, so that it finds the package by its name.
 *
 * @param {string} folder the package's
 * @param {import('./blocks.js').Block} block
 * @returns {string[]} why it failed
 */
export function runProgram(folder, block) {
  return run(block, [process.execPath, '--input-type=module', '-'], { cwd: folder });
}

/**
 * Runs a shell script in an empty folder, with the programs that the package brings on its path.
 *
 * @param {string} folder the package's
 * @param {import('./blocks.js').Block} block
 * @returns {string[]} why it failed
 */
export function runShell(folder, block) {
  const temporary = mkdtempSync(join(tmpdir(), 'e2eeftp-readme-'));
  try {
    const programs = join(temporary, 'bin');
    const cwd = join(temporary, 'work');
    mkdirSync(programs);
    mkdirSync(cwd);
    linkPrograms(folder, programs);
    const path = [programs, process.env.PATH].join(delimiter);
    return run(block, ['sh', '-eu'], { cwd, env: { ...process.env, PATH: path, HOME: cwd } });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function linkPrograms(folder, programs) {
  const { bin = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const [name, file] of Object.entries(bin)) {
    const program = join(programs, name);
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, file)}' "$@"\n`);
    chmodSync(program, 0o755);
  }
}

function run({ code, line }, [command, ...args], options) {
  const result = spawnSync(command, args, {
    ...options,
    input: code,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  if (result.status === 0) return [];
  const how = result.error?.message ?? `exit code ${result.status}`;
  return [`the block at line ${line} failed (${how})\n${result.stdout}${result.stderr}`];
}
