import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { formatIdentity } from '@e2eeftp/crypto';
import {
  handshakeHello,
  openPayload,
  payloadLength,
  sealPayload,
  type OriginalConnection,
} from '@e2eeftp/original-peer';
import { memoryTransportPair, type Transport } from '@e2eeftp/transport';

import { lingerTimeout } from '../../src/connection/linger.js';
import {
  builtinCommands,
  defineCommand,
  type Command,
  type ServerLimits,
} from '../../src/index.js';
import { Fixture } from '../support/fixture.js';
import { untilHungUp } from '../support/peer.js';

const short = 50;

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

async function start(limits: Partial<ServerLimits>, ...commands: Command[]): Promise<void> {
  fixture = await Fixture.start({
    way: 'TCP',
    files: 'on disk',
    v1: 'all',
    limits,
    commands: [...builtinCommands, ...commands],
  });
}

/** A connection behind its handshake. */
async function connected(): Promise<OriginalConnection> {
  const connection = await fixture.original().connect();
  await connection.writeRaw(connection.hello);
  await connection.readHello();
  return connection;
}

function reasons(): unknown[] {
  return fixture.logged('connection ended').map(({ fields }) => fields['reason']);
}

describe('a handshake that takes too long', () => {
  test.each([0, 1, 4, 5, 131])('ends after %d bytes', async (length) => {
    await start({ handshakeTimeout: short });
    const transport = await fixture.open();
    const { bytes } = handshakeHello(formatIdentity(fixture.authorize()));
    await transport.write([bytes.subarray(0, length)]);
    expect(await untilHungUp(transport)).toBe(0);
    await fixture.untilConnections(0);
    expect(reasons()).toEqual(['The handshake took too long']);
  });

  test('ends although bytes trickle', async () => {
    await start({ handshakeTimeout: short });
    const transport = await fixture.open();
    const { bytes } = handshakeHello(formatIdentity(fixture.authorize()));
    for (const byte of bytes) {
      if (fixture.server.connections === 0) break;
      await transport.write([Uint8Array.of(byte)]).catch(() => undefined);
      await delay(2);
    }
    await fixture.untilConnections(0);
    expect(reasons()).toEqual(['The handshake took too long']);
  });
});

describe('a command that does not come', () => {
  test('ends the connection', async () => {
    await start({ idleTimeout: short });
    const connection = await connected();
    expect((await connection.readAll()).length).toBe(0);
    connection.close();
    await fixture.untilConnections(0);
    expect(reasons()).toEqual(['No command came']);
  });

  test('ends the connection although its line trickles', async () => {
    await start({ idleTimeout: short });
    const connection = await connected();
    while (fixture.server.connections > 0) {
      await connection.writeRaw(Buffer.from('L')).catch(() => undefined);
      await delay(2);
    }
    expect((await connection.readAll()).length).toBe(0);
    connection.close();
    expect(reasons()).toEqual(['No command came']);
  });
});

describe('a transfer that stands still', () => {
  test('is ended while the client should send, and leaves nothing', async () => {
    await start({ progressTimeout: short });
    const connection = await connected();
    await connection.writeRaw(Buffer.from(`SEND|f|${payloadLength(100_000)}\n`));
    await connection.writeRaw(Buffer.alloc(50_000));
    expect((await connection.readAll()).length).toBe(0);
    connection.close();
    await fixture.untilConnections(0);
    expect(await readdir(`${fixture.directory}/.e2eeftp/uploads`)).toEqual([]);
    expect((await fixture.original().list()).body).toBe('');
  });

  test('is ended while the client should read, and its file is let go', async () => {
    await start({ progressTimeout: short });
    const client = fixture.original();
    await client.send('big', Buffer.alloc(30_000_000));
    const transports = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const transport = await fixture.open();
        const { bytes } = handshakeHello(formatIdentity(fixture.authorize()));
        await transport.write([bytes, Buffer.from('GET|big\n')]);
        await transport.read();
        return transport;
      }),
    );
    await fixture.untilConnections(0);
    expect(fixture.logged('the client did not wait for the answer')).toHaveLength(5);
    for (const transport of transports) {
      expect(await untilHungUp(transport)).toBeLessThan(30_000_000);
      transport.destroy();
    }
    while (await isOpen(`${fixture.directory}/received/big`)) await delay(5);
  });

  test('is not ended while bytes move', async () => {
    await start({ progressTimeout: 600 });
    const connection = await connected();
    await connection.writeRaw(Buffer.from('SEND|f|640\n'));
    for (let count = 0; count < 10; count++) {
      await connection.writeRaw(Buffer.alloc(64));
      await delay(60);
    }
    expect((await connection.readAll()).toString()).toBe('500|Decryption Failed\n');
    connection.close();
  });

  test('is not ended while the server is the slow one', async () => {
    const slow = defineCommand({
      name: 'SLOW',
      summary: 'Reads and writes slowly',
      args: z.strictObject({}),
      effect: 'none',
      takesBody: true,
      v1: { fields: {} },
      async handler(_args, { body }) {
        for await (const { length } of body ?? []) await delay(length > 0 ? 3 * short : 0);
        await delay(3 * short);
        const chunks = (async function* () {
          await delay(3 * short);
          yield Buffer.alloc(1000);
          await delay(3 * short);
          yield Buffer.alloc(1000);
        })();
        return { status: 200, body: { size: 2000, chunks, close: async () => undefined } };
      },
    });
    await start({ progressTimeout: short }, slow);
    const size = 4_000_000;
    const { answer, keys } = await fixture
      .original()
      .exchange(`SLOW|${payloadLength(size)}`, (made) => sealPayload(made, Buffer.alloc(size)));
    const line = `200|${payloadLength(2000)}\n`;
    expect(answer.subarray(0, line.length).toString()).toBe(line);
    expect(openPayload(keys, answer.subarray(line.length)).length).toBe(2000);
  });
});

test('a line that never ends is answered, and its client let go', async () => {
  await start({});
  const connection = await connected();
  connection.socket.allowHalfOpen = true;
  const piece = Buffer.alloc(65_536, 'LIST');
  const flood = (async () => {
    for (;;) await connection.writeRaw(piece);
  })();
  const flooded = expect(flood).rejects.toThrow();
  expect((await connection.readAll()).toString()).toBe('400|Malformed request\n');
  await fixture.untilConnections(0);
  await flooded;
  connection.close();
});

test('a client that does not hang up is let go', async () => {
  await start({});
  const connection = await connected();
  connection.socket.allowHalfOpen = true;
  await connection.writeRaw(Buffer.from('LIST\n'));
  expect((await connection.readAll()).toString()).toBe('200|0\n');
  await fixture.untilConnections(0);
  connection.close();
});

/** An end whose last bytes stay with it for a while, as on a line that is slow. */
function withSlowEnd(transport: Transport, ended: Promise<unknown>): Transport {
  return Object.assign(Object.create(transport) as Transport, {
    read: () => transport.read(),
    write: (parts: readonly Uint8Array[]) => transport.write(parts),
    setIdleTimeout: (milliseconds: number) => transport.setIdleTimeout(milliseconds),
    destroy: (reason?: Error) => transport.destroy(reason),
    end: async () => {
      await ended;
      await transport.end();
    },
  });
}

test('a client that fetches the end of an answer slowly gets it', async () => {
  await start({});
  const [near, far] = memoryTransportPair();
  const ended = delay(lingerTimeout + 300);
  fixture.server.accept(withSlowEnd(far, ended));
  const { bytes } = handshakeHello(formatIdentity(fixture.authorize()));
  await near.write([bytes, Buffer.from('LIST\n')]);
  await ended;
  const chunks: Uint8Array[] = [];
  for (let chunk = await near.read(); chunk; chunk = await near.read()) chunks.push(chunk);
  expect(Buffer.concat(chunks).subarray(132).toString()).toBe('200|0\n');
  near.destroy();
});

/** Whether this process has a file open. */
async function isOpen(path: string): Promise<boolean> {
  const names = await readdir('/proc/self/fd');
  const targets = names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''));
  return (await Promise.all(targets)).includes(path);
}
