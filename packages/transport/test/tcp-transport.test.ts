import { once } from 'node:events';
import { createServer } from 'node:net';

import { describe, expect, test } from '@jest/globals';

import { transportConformance } from '../src/conformance.js';
import { readAll } from '../src/conformance/context.js';
import { connectTcp } from '../src/index.js';
import { listenFor, tcpPair } from './tcp-pair.js';

for (const host of ['127.0.0.1', '::1']) {
  transportConformance(`TCP at ${host}`, () => tcpPair(host), { describe, test, expect });
}

test('a connection that the peer resets fails', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.resetAndDestroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const transport = await connectTcp({ host: '127.0.0.1', port, timeout: 10_000 });
  const read = transport.read();
  await transport.write([Uint8Array.of(1)]);
  await expect(read).rejects.toMatchObject({ code: 'reset' });
  await expect(transport.write([Uint8Array.of(1)])).rejects.toMatchObject({ code: 'reset' });
  server.close();
  await once(server, 'close');
});

test('what the kernel has of requests is lost when the end that connected gives up', async () => {
  const { left, right } = await tcpPair('127.0.0.1');
  // More than one side takes unasked, and less than two kernels hold.
  const content = new Uint8Array(2_000_000);
  await left.write([content]);
  left.destroy();
  let received = 0;
  try {
    for (let chunk = await right.read(); chunk; chunk = await right.read()) {
      received += chunk.length;
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'reset' });
  }
  expect(received).toBeLessThan(content.length);
  right.destroy();
});

test('an end that was said arrives, with all that was said before', async () => {
  const { left, right } = await tcpPair('127.0.0.1');
  const content = new Uint8Array(3_000_000).fill(7);
  const received = readAll(right);
  await left.write([content]);
  await left.end();
  left.destroy();
  expect((await received).length).toBe(content.length);
  right.destroy();
});

test('peers are shown as people write addresses', async () => {
  for (const [host, pattern] of [
    ['127.0.0.1', /^127\.0\.0\.1:\d+$/u],
    ['::1', /^\[::1\]:\d+$/u],
  ] as const) {
    const { left, right } = await tcpPair(host);
    expect(left.peer).toMatch(pattern);
    expect(right.peer).toMatch(pattern);
    left.destroy();
    right.destroy();
  }
});

test('a peer of IPv4 is shown as such where both families are listened for', async () => {
  const { listener, next } = await listenFor('::');
  const address = { host: '127.0.0.1', port: listener.address.port };
  const [left, right] = await Promise.all([connectTcp({ ...address, timeout: 10_000 }), next()]);
  expect(right.peer).toMatch(/^127\.0\.0\.1:\d+$/u);
  left.destroy();
  right.destroy();
  await listener.close();
});
