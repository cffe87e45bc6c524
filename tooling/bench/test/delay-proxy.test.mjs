import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { startDelayProxy } from '../link/delay-proxy.mjs';

const delay = 40;

let server;
let proxy;

/** Sends back all that comes, once it has ended. */
beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    const parts = [];
    socket.on('error', () => undefined);
    socket.on('data', (part) => parts.push(part));
    socket.once('end', () => socket.end(Buffer.concat(parts)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startDelayProxy(server.address().port, delay);
});

afterEach(async () => {
  await proxy.stop();
  server.close();
});

async function echoOf(bytes) {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(bytes);
  const parts = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts);
}

test('what goes through stays the same, also when it is more than the link holds', async () => {
  const bytes = randomBytes(40 * 2 ** 20);
  expect((await echoOf(bytes)).equals(bytes)).toBe(true);
});

test('no direction is faster than the link', async () => {
  const start = performance.now();
  expect(await echoOf(Buffer.from('there and back'))).toEqual(Buffer.from('there and back'));
  // Timers may be early by a part of a millisecond.
  expect(performance.now() - start).toBeGreaterThan(2 * delay - 2);
});

test('who breaks off at one end is gone at the other', async () => {
  const arrived = once(server, 'connection');
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const [far] = await arrived;
  const closed = once(far, 'close');
  socket.destroy();
  await closed;
  expect(far.destroyed).toBe(true);
});
