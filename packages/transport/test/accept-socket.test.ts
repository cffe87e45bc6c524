import { fork, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { acceptSocket, connectTcp, type Transport } from '../src/index.js';

let server: Server;
let address: { host: string; port: number };

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
});
afterEach(() => {
  server.close();
});

/** A client, and the socket that the server has accepted for it. */
async function connection(): Promise<{ client: Transport; socket: Socket }> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = await connectTcp({ ...address, timeout: 10_000 });
  const [socket] = await accepted;
  return { client, socket };
}

async function digestOf(transport: Transport): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}

test('a socket that was accepted elsewhere carries what came before and what comes', async () => {
  const { client, socket } = await connection();
  await client.write([Buffer.from('before ')]);
  const transport = acceptSocket(socket);
  await client.write([Buffer.from('after')]);
  await client.end();
  const parts: Buffer[] = [];
  for (let part = await transport.read(); part; part = await transport.read()) {
    parts.push(Buffer.from(part));
  }
  expect(Buffer.concat(parts).toString()).toBe('before after');
  await transport.end();
  expect(await client.read()).toBeUndefined();
  client.destroy();
  transport.destroy();
});

test('a socket that is closed already fails, and leaves nobody waiting', async () => {
  const { client, socket } = await connection();
  socket.destroy();
  await once(socket, 'close');
  const transport = acceptSocket(socket);
  await expect(transport.read()).rejects.toMatchObject({ code: 'reset' });
  await expect(transport.write([Uint8Array.of(1)])).rejects.toMatchObject({ code: 'reset' });
  await expect(transport.end()).rejects.toMatchObject({ code: 'reset' });
  transport.destroy();
  client.destroy();
});

test('a socket whose peer has reset it ends, one way or the other', async () => {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(address);
  const [socket] = await accepted;
  client.resetAndDestroy();
  await once(client, 'close');
  const transport = acceptSocket(socket);
  await expect(transport.read()).rejects.toMatchObject({ code: 'reset' });
  transport.destroy();
});

describe('a socket that another process hands over', () => {
  let child: ChildProcess;
  const program = fileURLToPath(new URL('child/takes-sockets.mjs', import.meta.url));

  beforeEach(async () => {
    child = fork(program, { stdio: 'inherit' });
    await once(child, 'message');
  });
  afterEach(async () => {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  });

  async function handOver(socket: Socket): Promise<string | null> {
    const taken = once(child, 'message') as Promise<[{ peer: string | null }]>;
    child.send('take it', socket);
    const [{ peer }] = await taken;
    return peer;
  }

  test('is named as its peer sees itself, and carries every byte both ways', async () => {
    const content = randomBytes(8_000_000);
    const { client, socket } = await connection();
    const from = `127.0.0.1:${socket.remotePort ?? 0}`;
    // Some of it comes before anybody has taken the connection.
    await client.write([content.subarray(0, 100_000)]);
    expect(await handOver(socket)).toBe(from);
    const echoed = digestOf(client);
    for (let start = 100_000; start < content.length; start += 65_536) {
      await client.write([content.subarray(start, start + 65_536)]);
    }
    await client.end();
    expect(await echoed).toEqual({
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    client.destroy();
  });

  test('serves beside others, and after others have gone', async () => {
    for (let round = 0; round < 3; round++) {
      const pairs = [await connection(), await connection(), await connection()];
      for (const { socket } of pairs) expect(await handOver(socket)).toMatch(/^127\.0\.0\.1:\d+$/u);
      for (const [index, { client }] of pairs.entries()) {
        await client.write([Uint8Array.of(index)]);
        expect([...((await client.read()) ?? [])]).toEqual([index]);
      }
      pairs[0]?.client.destroy();
      for (const { client } of pairs.slice(1)) {
        await client.end();
        expect(await client.read()).toBeUndefined();
        client.destroy();
      }
    }
  });

  test('may have been ended or reset by its peer before', async () => {
    const ended = await connection();
    await ended.client.write([Buffer.from('last words')]);
    await ended.client.end();
    await handOver(ended.socket);
    expect(Buffer.from((await ended.client.read()) ?? []).toString()).toBe('last words');
    expect(await ended.client.read()).toBeUndefined();
    ended.client.destroy();
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const gone = connect(address);
    const [socket] = await accepted;
    gone.resetAndDestroy();
    await once(gone, 'close');
    await handOver(socket);
    const { client, socket: next } = await connection();
    expect(await handOver(next)).toMatch(/^127/u);
    await client.write([Uint8Array.of(9)]);
    expect([...((await client.read()) ?? [])]).toEqual([9]);
    client.destroy();
  });
});
