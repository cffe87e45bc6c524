import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const bootstrapDir = dirname(fileURLToPath(import.meta.url));
export const rootDir = dirname(dirname(bootstrapDir));
export const pnpmDir = join(bootstrapDir, 'node_modules', 'pnpm');

const windows = process.platform === 'win32';

function environment() {
  const path = [
    join(bootstrapDir, 'node_modules', '.bin'),
    join(rootDir, 'node_modules', '.bin'),
    process.env.PATH ?? '',
  ].join(delimiter);
  const inherited = { ...process.env };
  // "npm --silent" is for npm alone: what failed below it must be seen.
  delete inherited.npm_config_loglevel;
  return {
    ...inherited,
    PATH: path,
    DO_NOT_TRACK: '1',
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
  };
}

/**
 * Runs a program, with the workspace's own programs first on its PATH.
 *
 * @param {string[]} command the program and its arguments
 * @param {{cwd?: string, capture?: boolean}} [options] capture: hold the output back
 * @returns {Promise<{code: number, output: string}>} never rejects; 127 means that it did not start
 */
export function run(command, { cwd = rootDir, capture = false } = {}) {
  return new Promise((resolve) => {
    const [program, ...args] = command;
    const child = spawn(program, args, {
      cwd,
      env: environment(),
      // npm's programs are .cmd files on Windows, which only a shell starts.
      shell: windows && program !== process.execPath,
      stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const output = () => Buffer.concat(chunks).toString();
    child.on('error', (error) => resolve({ code: 127, output: `${output()}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: output() }));
  });
}
