// OpenSSH's server, with keys of its own, for whoever speaks SFTP with it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startListening, stopProcess } from './processes.mjs';

const program = '/usr/sbin/sshd';

/** Why it cannot be measured, or nothing. */
export function opensshMissing() {
  return existsSync(program) ? undefined : `${program} is not installed`;
}

/** Starts it; what is stored belongs into the folder `stored`. */
export async function startOpenssh(folder) {
  const file = (name) => join(folder, name);
  mkdirSync(folder);
  mkdirSync('/run/sshd', { recursive: true });
  for (const key of ['host', 'client']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
  }
  const { port, child } = await startListening((number) => {
    writeFileSync(
      file('sshd_config'),
      `HostKey ${file('host')}\nAuthorizedKeysFile ${file('client.pub')}\nStrictModes no\n` +
        `ListenAddress 127.0.0.1\nPidFile none\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n`,
    );
    const args = ['-D', '-e', '-f', file('sshd_config'), '-p', String(number)];
    return spawn(program, args, { stdio: 'ignore' });
  });
  const stored = file('stored');
  mkdirSync(stored);
  return { port, key: file('client'), stored, stop: () => stopProcess(child) };
}
