// OpenSSH's server, with keys of its own, for whoever speaks SSH with it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { startListening, startProcess, stopProcess } from './processes.mjs';

const program = '/usr/sbin/sshd';

/** Why it cannot be measured, or nothing. */
export function opensshMissing() {
  return existsSync(program) ? undefined : `${program} is not installed`;
}

/**
 * Starts it; what is stored belongs into the folder `stored`.
 *
 * @param {string} folder where its files are; it is made
 * @param {{link?: (port: number) => Promise<{port: number}>}} [options] what leads to the server
 */
export async function startOpenssh(folder, { link = async (port) => ({ port }) } = {}) {
  const file = (name) => join(folder, name);
  mkdirSync(folder);
  mkdirSync('/run/sshd', { recursive: true });
  for (const key of ['host', 'client']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
  }
  const { port: behind, child } = await startListening((number) => {
    writeFileSync(
      file('sshd_config'),
      `HostKey ${file('host')}\nAuthorizedKeysFile ${file('client.pub')}\nStrictModes no\n` +
        `ListenAddress 127.0.0.1\nPidFile none\nPermitRootLogin yes\nMaxStartups 200\n` +
        `Subsystem sftp internal-sftp\n`,
    );
    const args = ['-D', '-e', '-f', file('sshd_config'), '-p', String(number)];
    return startProcess(program, args, { stdio: 'ignore' });
  });
  const { port } = await link(behind);
  const stored = file('stored');
  mkdirSync(stored);
  return {
    port,
    user: userInfo().username,
    key: file('client'),
    /** Options that ssh and all that start it know. */
    options: [
      ...['-i', file('client'), '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no'],
      ...['-o', `UserKnownHostsFile=${file('known')}`, '-o', 'LogLevel=ERROR'],
    ],
    stored,
    pids: [child.pid],
    stop: () => stopProcess(child),
  };
}
