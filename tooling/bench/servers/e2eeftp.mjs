// e2eeftp's programs: a server that is running, and a client that is started anew for everything.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startProcess, stopProcess } from './processes.mjs';

const root = fileURLToPath(new URL('../../../apps/', import.meta.url));
const clientProgram = join(root, 'client/bin/e2eeftp.js');
const serverProgram = join(root, 'server/bin/e2eeftp-server.js');

/**
 * Starts a server in a folder, and makes a client that it lets in.
 *
 * @param {string} folder which; it is made
 * @param {{link?: (port: number) => Promise<{port: number}>}} [options] what leads to the server
 */
export async function startE2eeftp(folder, { link = async (port) => ({ port }) } = {}) {
  mkdirSync(folder);
  const child = startProcess(
    process.execPath,
    [serverProgram, '--port', '0', '--log-format', 'json'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { port } = await link(await portOf(child));
  const env = { E2EEFTP_HOME: join(folder, 'home') };
  const ofClient = { env: { ...process.env, ...env } };
  await run(clientProgram, ['init', '--yes', `127.0.0.1:${port}`], ofClient);
  const { key } = JSON.parse(await run(clientProgram, ['id', '--json'], ofClient));
  await run(serverProgram, ['authorize', key], { cwd: folder });
  return {
    /** Where the server keeps what belongs to no vault. */
    stored: join(folder, 'received'),
    /** What a person would type. */
    client: (...args) => ({
      command: process.execPath,
      args: [clientProgram, '--quiet', ...args],
      env,
    }),
    pids: [child.pid],
    stop: () => stopProcess(child),
  };
}

/** Not at once: what leads to the server may be in this process. */
async function run(program, args, options) {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], options);
  return stdout;
}

async function portOf(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /127\.0\.0\.1:(\d+)|"port":(\d+)/u.exec(line);
    if (port) {
      child.stdout.resume();
      return Number(port[1] ?? port[2]);
    }
  }
  throw new Error('The server ended without a word');
}
