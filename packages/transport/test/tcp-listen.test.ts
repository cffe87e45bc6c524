import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from '@jest/globals';

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

describe('at a descriptor', () => {
  /** Starts a process with one more descriptor, and says what its first line is. */
  function startWith(descriptor: number) {
    const program = fileURLToPath(new URL('child/listen-at-descriptor.mjs', import.meta.url));
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'pipe', 'inherit', descriptor],
    });
    const line = createInterface({ input: child.stdout! })[Symbol.asyncIterator]().next();
    return {
      line: line.then(({ value }) => JSON.parse(String(value)) as object),
      closed: once(child, 'close'),
    };
  }

  /** Something of this process that listens, and its descriptor. */
  async function listening(place: ListenOptions) {
    const server = createServer();
    server.listen(place);
    await once(server, 'listening');
    const { _handle: handle } = server as unknown as { _handle: { fd: number } };
    return { server, address: server.address(), descriptor: handle.fd };
  }

  test('a socket that is bound already is listened at, and host and port say nothing', async () => {
    const { server, address, descriptor } = await listening({ host: '127.0.0.1', port: 0 });
    const { line, closed } = startWith(descriptor);
    const { port } = address as AddressInfo;
    expect(await line).toEqual({ host: '127.0.0.1', port });
    // From here on, only the other process has it.
    server.close();
    await once(server, 'close');
    const transport = await connectTcp({ host: '127.0.0.1', port, timeout: 10_000 });
    await transport.write([Uint8Array.of(5)]);
    expect(await transport.read()).toEqual(Buffer.of(5));
    transport.destroy();
    expect(await closed).toEqual([0, null]);
  });

  test('what is no TCP socket is unavailable', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-listen-'));
    const { server, descriptor } = await listening({ path: join(folder, 'socket') });
    const file = await open(folder);
    for (const wrong of [descriptor, file.fd]) {
      const { line, closed } = startWith(wrong);
      expect(await line).toEqual({
        code: 'unavailable',
        message: expect.stringMatching(/^Cannot listen at file descriptor 3: /u),
      });
      expect(await closed).toEqual([0, null]);
    }
    await file.close();
    server.close();
    await once(server, 'close');
    await rm(folder, { recursive: true });
  });
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
