import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { FaultProxy, type Fault, type PassingRecord } from '../src/index.js';

/** A hello of three bytes: the name of the protocol, and a length. */
const hello = Buffer.concat([Buffer.from('e2ft'), Buffer.of(0, 3), Buffer.from('abc')]);
/** The server's hello has no name, and here nothing else either. */
const answer = Buffer.of(0, 0);
const record = (type: number, content: string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.of(type, 0, 0, bytes.length), bytes]);
};
const said = Buffer.concat([hello, record(1, 'first'), record(2, 'second')]);

let server: Server;
let proxy: FaultProxy;
let arrived: Promise<Buffer>;

/** Everything that a socket gives, however it ends: a system need not tell a reset from an end. */
async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer);
  } catch {
    // It was cut.
  }
  return Buffer.concat(chunks);
}

beforeEach(async () => {
  arrived = new Promise((resolve) => {
    server = createServer((socket) => {
      socket.write(answer);
      resolve(everything(socket));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await FaultProxy.start({ port: (server.address() as AddressInfo).port });
});

afterEach(async () => {
  await proxy.close();
  server.close();
  await once(server, 'close');
});

async function say(bytes: Uint8Array): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
  // A connection that is reset sooner may never be accepted.
  await once(socket, 'data');
  socket.end(bytes);
  return socket;
}

function atSecond(fault: Fault): (passing: PassingRecord) => Fault | undefined {
  return ({ direction, index }) => (direction === 'up' && index === 2 ? fault : undefined);
}

describe('what passes the proxy', () => {
  test('arrives as it is, and each record is seen once', async () => {
    const seen: PassingRecord[] = [];
    proxy.plan = (passing) => {
      if (passing.direction === 'up') seen.push(passing);
      return undefined;
    };
    const socket = await say(said);
    expect(await arrived).toEqual(said);
    socket.destroy();
    const common = { connection: 0, direction: 'up' };
    expect(seen).toEqual([
      { ...common, index: 0, type: 'hello', length: hello.length },
      { ...common, index: 1, type: 1, length: 9 },
      { ...common, index: 2, type: 2, length: 10 },
    ]);
    expect(proxy.records).toEqual({ up: 3, down: 1 });
    expect(proxy.opened).toBe(1);
  });

  test('is cut before a record, or within it', async () => {
    proxy.plan = atSecond({ type: 'truncate', bytes: 7 });
    const socket = await say(said);
    const bytes = await arrived;
    // What was on its way may be lost with the connection, and nothing behind it comes.
    expect(bytes.length).toBeLessThanOrEqual(said.length - 3);
    expect(bytes.equals(said.subarray(0, bytes.length))).toBe(true);
    socket.destroy();
  });

  test('ends in order where only one direction is closed', async () => {
    proxy.plan = atSecond({ type: 'half-close' });
    const socket = await say(said);
    expect(await arrived).toEqual(said.subarray(0, -10));
    socket.destroy();
  });

  test('waits as long as it is to', async () => {
    let release: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    proxy.plan = atSecond({ type: 'delay', until });
    const socket = await say(said);
    while (proxy.records.up < 3) await setImmediate();
    release();
    expect(await arrived).toEqual(said);
    socket.destroy();
  });
});

test('nobody comes through a proxy that is down', async () => {
  proxy.isDown = true;
  const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'close').catch(() => undefined);
  expect(proxy.active).toBe(0);
});
