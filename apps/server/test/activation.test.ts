import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { connect } from '@e2eeftp/client';
import { Identity, parsePublicKey } from '@e2eeftp/server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { takeActivatedSocket } from '../src/service/activation.js';
import { keyOf, Playground } from './support/program.js';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let playground: Playground;
let ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  playground = await Playground.make();
});
afterEach(async () => {
  await Promise.all(ends.map((end) => end()));
  ends = [];
  await playground.remove();
});

/** Starts the program as systemd does, with a descriptor behind the usual three. */
function activate(descriptor: number, listenPid = '$$') {
  const script = `export LISTEN_PID=${listenPid} LISTEN_FDS=1; exec "$@"`;
  const command = [process.execPath, program, '--data', playground.data, '--port', '0'];
  const child = spawn('sh', ['-c', script, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', descriptor],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  ends.push(() => {
    child.kill('SIGKILL');
    return ended;
  });
  return {
    child,
    ended,
    output: () => output,
    listening: async () => {
      while (!output.includes('listening') && child.exitCode === null)
        await once(child.stdout!, 'data');
    },
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/** A socket that listens already, and what holds it open. */
async function listeningSocket(): Promise<{ server: Server; port: number; descriptor: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { _handle: handle } = server as unknown as { _handle: { fd: number } };
  return { server, port: (server.address() as { port: number }).port, descriptor: handle.fd };
}

test('a socket that systemd hands over is listened at, whatever host and port say', async () => {
  const identity = Identity.generate();
  await playground.run(['authorize', keyOf(identity)]);
  const { server, port, descriptor } = await listeningSocket();
  const activated = activate(descriptor);
  try {
    await activated.listening();
    // From here on only the program has the socket.
    await closeServer(server);
    expect(activated.output()).toContain(`"port":${port}`);
    const known = parsePublicKey(await readFile(join(playground.data, 'known_server.pub'), 'utf8'));
    const client = await connect({ host: '127.0.0.1', port, identity, server: known });
    await client.ping();
    await client.close();
  } finally {
    activated.child.kill('SIGTERM');
    expect(await activated.ended).toEqual([0, null]);
  }
});

test('a socket that was meant for another process is left alone', async () => {
  const { server, port, descriptor } = await listeningSocket();
  const activated = activate(descriptor, '1');
  try {
    await activated.listening();
    expect(activated.output()).not.toContain(`"port":${port}`);
  } finally {
    activated.child.kill('SIGTERM');
    expect(await activated.ended).toEqual([0, null]);
    await closeServer(server);
  }
});

test('what is no socket is refused', async () => {
  const file = await open(program);
  try {
    const activated = activate(file.fd);
    expect(await activated.ended).toEqual([1, null]);
    expect(activated.output()).toMatch(/^e2eeftp-server: Cannot listen at file descriptor 3: /u);
  } finally {
    await file.close();
  }
});

test('the variables are this process’s alone, and go no further', () => {
  const environment = (pid: string, count?: string): NodeJS.ProcessEnv => ({
    LISTEN_PID: pid,
    ...(count !== undefined && { LISTEN_FDS: count }),
    LISTEN_FDNAMES: 'x',
    PATH: '/bin',
  });
  const taken = environment('7', '1');
  expect(takeActivatedSocket(taken, 7)).toBe(3);
  expect(taken).toEqual({ PATH: '/bin' });
  const others = environment('8', '1');
  expect(takeActivatedSocket(others, 7)).toBeUndefined();
  expect(others).toEqual({ PATH: '/bin' });
  expect(takeActivatedSocket(environment('7', '0'), 7)).toBeUndefined();
  expect(takeActivatedSocket(environment('7'), 7)).toBeUndefined();
  expect(takeActivatedSocket({}, 7)).toBeUndefined();
  for (const count of ['2', '-1', 'x', '']) {
    expect(() => takeActivatedSocket(environment('7', count), 7)).toThrow(/one socket/u);
  }
});
