// The programs as people use them: a server that is running, and a client that is started anew.
import { spawn, execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const deadline = 600_000;
const sshServer = '/usr/sbin/sshd';
const root = fileURLToPath(new URL('../../../apps/', import.meta.url));
const clientProgram = join(root, 'client/bin/e2eeftp.js');
const serverProgram = join(root, 'server/bin/e2eeftp-server.js');

/** In the order in which they take turns; each starts a server in a folder of its own. */
export const contenders = {
  sftp: {
    missing: () => !existsSync(sshServer) && `${sshServer} is not installed`,
    start: startSftp,
  },
  'e2eeftp durable': { missing: () => false, start: (folder) => startE2eeftp(folder, 'full') },
  'e2eeftp relaxed': { missing: () => false, start: (folder) => startE2eeftp(folder, 'relaxed') },
};

async function startSftp(folder) {
  const file = (name) => join(folder, name);
  mkdirSync(folder);
  mkdirSync('/run/sshd', { recursive: true });
  for (const key of ['host', 'client']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
  }
  const port = await startListening(async (port) => {
    writeFileSync(
      file('sshd_config'),
      `HostKey ${file('host')}\nAuthorizedKeysFile ${file('client.pub')}\nStrictModes no\n` +
        `ListenAddress 127.0.0.1\nPidFile none\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n`,
    );
    const args = ['-D', '-e', '-f', file('sshd_config'), '-p', String(port)];
    return spawn(sshServer, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  });
  const options = ['-q', '-b', '-', '-i', file('client'), '-P', String(port.number)];
  const trust = ['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${file('known')}`];
  const stored = file('stored');
  mkdirSync(stored);
  const sftp = (batch) => runClient('sftp', [...options, ...trust, '127.0.0.1'], {}, batch);
  return {
    stored,
    send: (tree) => sftp(`cd ${stored}\nput -R ${tree} .\n`),
    get: (name, into) => sftp(`get -R ${join(stored, name)} ${into}\n`),
    stop: () => stopProcess(port.child),
  };
}

async function startE2eeftp(folder, durability) {
  mkdirSync(folder);
  const home = join(folder, 'home');
  const child = spawn(
    process.execPath,
    [serverProgram, '--port', '0', '--durability', durability, '--log-format', 'json'],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = await portOf(child);
  const env = { E2EEFTP_HOME: home };
  const client = (...args) => runClient(process.execPath, [clientProgram, '--quiet', ...args], env);
  await client('init', '--yes', `127.0.0.1:${port}`);
  const key = execFileSync(process.execPath, [clientProgram, 'id', '--json'], {
    env: { ...process.env, ...env },
  });
  execFileSync(process.execPath, [serverProgram, 'authorize', JSON.parse(key).key], {
    cwd: folder,
  });
  return {
    stored: join(folder, 'received'),
    send: (tree) => client('send', tree, 'plain:'),
    get: (name, into) => client('get', `plain:${name}`, `${into}/`),
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

/** For servers that cannot choose a port themselves. */
async function startListening(start) {
  for (let port = 0; port < 5; port++) {
    const number = randomInt(20_000, 60_000);
    const child = await start(number);
    for (let attempt = 0; child.exitCode === null && attempt < 100; attempt++) {
      const socket = connect(number, '127.0.0.1');
      const isThere = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (isThere) return { number, child };
      await delay(50);
    }
    child.kill();
  }
  throw new Error('A server that was to be measured did not start');
}

async function stopProcess(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function runClient(command, args, env, input = '') {
  const start = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: deadline,
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed with ${code}: ${said}`);
  return (performance.now() - start) / 1000;
}
