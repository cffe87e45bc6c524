// Programs that are started as people start them.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const deadline = 600_000;

/** Starts a server that cannot choose a port itself, and waits until somebody answers there. */
export async function startListening(start) {
  for (let tries = 0; tries < 5; tries++) {
    const port = randomInt(20_000, 60_000);
    const child = start(port);
    for (let attempt = 0; child.exitCode === null && attempt < 100; attempt++) {
      const socket = connect(port, '127.0.0.1');
      const isThere = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (isThere) return { port, child };
      await delay(50);
    }
    child.kill();
  }
  throw new Error('A server that was to be measured did not start');
}

/** Ends a server. */
export async function stopProcess(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** Runs a client to its end, and tells how many seconds that took. */
export async function runClient(command, args, { env = {}, input = '' } = {}) {
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
