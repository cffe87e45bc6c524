import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { expect, test } from '@jest/globals';

import { connectTcp } from '../src/index.js';
import { startChild } from './child-process.js';
import { listenFor } from './tcp-pair.js';

/** An address where connections come about for nobody: its queue of connections is full. */
async function withFullQueue(
  work: (address: { host: string; port: number }) => Promise<void>,
): Promise<void> {
  const child = startChild('never-accepts.mjs');
  const address = { host: '127.0.0.1', port: Number(await child.nextLine()) };
  const sockets: Socket[] = Array.from({ length: 6 }, () => connect(address));
  for (const socket of sockets) socket.on('error', () => undefined);
  try {
    await work(address);
  } finally {
    for (const socket of sockets) {
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    }
    await child.kill();
  }
}

test('where nothing listens, the connection is refused', async () => {
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    const { listener } = await listenFor(host);
    await listener.close();
    const options = { host, port: listener.address.port, timeout: 10_000 };
    await expect(connectTcp(options)).rejects.toMatchObject({ code: 'refused' });
  }
});

test('a name that does not exist is unreachable', async () => {
  const options = { host: 'no-such-host.invalid', port: 1, timeout: 20_000 };
  await expect(connectTcp(options)).rejects.toMatchObject({ code: 'unreachable' });
});

test('no answer within the time is a failure', async () => {
  await withFullQueue(async (address) => {
    await expect(connectTcp({ ...address, timeout: 50 })).rejects.toMatchObject({
      code: 'timed-out',
    });
  });
});

test('a signal ends the attempt before it begins, and while it lasts', async () => {
  await withFullQueue(async (address) => {
    const options = { ...address, timeout: 60_000 };
    await expect(connectTcp({ ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
    const controller = new AbortController();
    const attempt = connectTcp({ ...options, signal: controller.signal });
    setImmediate(() => {
      controller.abort();
    });
    await expect(attempt).rejects.toMatchObject({ code: 'aborted' });
  });
});

test('a signal that comes after the connection leaves it alone', async () => {
  const { listener, next } = await listenFor('127.0.0.1');
  const controller = new AbortController();
  const [left, right] = await Promise.all([
    connectTcp({ ...listener.address, timeout: 10_000, signal: controller.signal }),
    next(),
  ]);
  controller.abort();
  await left.write([Uint8Array.of(7)]);
  expect(await right.read()).toEqual(Buffer.of(7));
  left.destroy();
  right.destroy();
  await listener.close();
});

test('a name leads to whichever of its addresses answers', async () => {
  const { listener, next } = await listenFor('127.0.0.1');
  const [left, right] = await Promise.all([
    connectTcp({ host: 'localhost', port: listener.address.port, timeout: 10_000 }),
    next(),
  ]);
  left.destroy();
  right.destroy();
  await listener.close();
});
