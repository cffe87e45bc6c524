import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { Playground } from './support/program.js';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let playground: Playground;
let server: Server;
let port: number;
let descriptor: number;

beforeEach(async () => {
  playground = await Playground.make();
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as { port: number });
  ({ fd: descriptor } = (server as unknown as { _handle: { fd: number } })._handle);
});
afterEach(async () => {
  server.close();
  await playground.remove();
});

/** Runs `check` for the port that is in use, with a descriptor behind the usual three. */
async function check(variables: string, handedOver: number | 'ignore'): Promise<string> {
  const args = ['check', '--data', playground.data, '--port', `${port}`];
  const script = `export ${variables}; exec "$@"`;
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', handedOver],
  });
  if (!child.stdout) throw new Error('there is no output');
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return /^(?:OK|WRONG) +port: .*$/mu.exec(output)?.[0] ?? output;
}

test('a socket that systemd has handed over is good, whatever the port says', async () => {
  const found = await check('LISTEN_PID=$$ LISTEN_FDS=1', descriptor);
  expect(found).toMatch(new RegExp(`^OK +port: systemd hands over 127\\.0\\.0\\.1:${port};`, 'u'));
  expect(server.listening).toBe(true);
});

test('by hand, LISTEN_FDS says that a port in use is meant so', async () => {
  expect(await check('LISTEN_FDS=1', 'ignore')).toMatch(/^OK +port: .* is in use, by systemd/u);
});

test('a port in use is a mistake when nobody says so, or says it to another process', async () => {
  for (const variables of ['LISTEN_FDS=0', 'LISTEN_PID=1 LISTEN_FDS=1']) {
    expect(await check(variables, 'ignore')).toMatch(/^WRONG +port: .*EADDRINUSE/u);
  }
});

test('what is no TCP socket, and several sockets, are mistakes', async () => {
  const file = await open(program);
  try {
    expect(await check('LISTEN_PID=$$ LISTEN_FDS=1', file.fd)).toMatch(/^WRONG .*no TCP socket/u);
    expect(await check('LISTEN_PID=$$ LISTEN_FDS=2', descriptor)).toMatch(/^WRONG .*one socket/u);
  } finally {
    await file.close();
  }
});
