// Servers that are started as people start them.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const running = new Set();

// A server does not outlive the benchmark, whatever ends it.
process.once('exit', () => running.forEach((child) => child.kill()));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Starts a server; it ends with the benchmark at the latest. */
export function startProcess(command, args, options) {
  const child = spawn(command, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

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
