// e2eeftp's programs: a server that is running, and a client that is started anew for everything.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { runClient, stopProcess } from './processes.mjs';

const root = fileURLToPath(new URL('../../../apps/', import.meta.url));
const clientProgram = join(root, 'client/bin/e2eeftp.js');
const serverProgram = join(root, 'server/bin/e2eeftp-server.js');

/** Starts a server in a folder, and makes a client that it lets in. */
export async function startE2eeftp(folder, durability = 'full') {
  mkdirSync(folder);
  const child = spawn(
    process.execPath,
    [serverProgram, '--port', '0', '--durability', durability, '--log-format', 'json'],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = await portOf(child);
  const env = { E2EEFTP_HOME: join(folder, 'home') };
  const client = (...args) =>
    runClient(process.execPath, [clientProgram, '--quiet', ...args], { env });
  await client('init', '--yes', `127.0.0.1:${port}`);
  const key = execFileSync(process.execPath, [clientProgram, 'id', '--json'], {
    env: { ...process.env, ...env },
  });
  execFileSync(process.execPath, [serverProgram, 'authorize', JSON.parse(key).key], {
    cwd: folder,
  });
  return {
    /** Where the server keeps what belongs to no vault. */
    stored: join(folder, 'received'),
    client,
    stop: () => stopProcess(child),
  };
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
