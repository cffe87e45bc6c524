import { once } from 'node:events';
import { connect } from 'node:net';

import { expect, test } from '@jest/globals';

import { connectTcp, listenTcp } from '../src/index.js';
import { startChild } from './child-process.js';
import { listenFor, rethrow } from './tcp-pair.js';

const ignored = { onConnection: () => undefined, onError: rethrow };

test('a port that is taken, and an address of another machine, are unavailable', async () => {
  const { listener } = await listenFor('127.0.0.1');
  const unavailable = { code: 'unavailable' };
  await expect(listenTcp({ ...listener.address, ...ignored })).rejects.toMatchObject(unavailable);
  await expect(listenTcp({ host: '192.0.2.1', port: 0, ...ignored })).rejects.toMatchObject(
    unavailable,
  );
  await listener.close();
});

test('closing frees the port, and leaves the connections that exist', async () => {
  const { listener, next } = await listenFor('127.0.0.1');
  const [left, right] = await Promise.all([
    connectTcp({ ...listener.address, timeout: 10_000 }),
    next(),
  ]);
  await listener.close();
  const again = await listenFor('127.0.0.1', listener.address.port);
  const [other, otherSide] = await Promise.all([
    connectTcp({ ...again.listener.address, timeout: 10_000 }),
    again.next(),
  ]);
  await again.listener.close();
  await again.listener.close();
  await left.write([Uint8Array.of(1)]);
  expect(await right.read()).toEqual(Buffer.of(1));
  await right.write([Uint8Array.of(2)]);
  expect(await left.read()).toEqual(Buffer.of(2));
  for (const transport of [left, right, other, otherSide]) transport.destroy();
});

test('with too many open files, who comes is turned away, and listening goes on', async () => {
  const child = startChild('listen-with-few-files.mjs', ['prlimit', '--nofile=40']);
  const address = { host: '127.0.0.1', port: Number(await child.nextLine()) };
  const sockets = Array.from({ length: 60 }, () => connect(address));
  const closed = sockets.map((socket) =>
    once(
      socket.on('error', () => undefined),
      'close',
    ),
  );
  try {
    await Promise.race(closed);
    expect(sockets.filter((socket) => !socket.closed).length).toBeGreaterThan(10);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    await expectEcho(address);
  } finally {
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    await child.kill();
  }
});

/** The listener may still be rid of the connections before this one. */
async function expectEcho(address: { host: string; port: number }): Promise<void> {
  for (;;) {
    const transport = await connectTcp({ ...address, timeout: 10_000 });
    try {
      await transport.write([Uint8Array.of(5)]);
      const answer = await transport.read();
      if (answer) {
        expect(answer).toEqual(Buffer.of(5));
        return;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 'reset' });
    } finally {
      transport.destroy();
    }
  }
}
