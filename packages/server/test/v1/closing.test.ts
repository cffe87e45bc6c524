import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { formatIdentity, type Identity } from '@e2eeftp/crypto';
import {
  handshakeHello,
  payloadLength,
  sealPayload,
  type OriginalConnection,
} from '@e2eeftp/original-peer';

import {
  builtinCommands,
  defineCommand,
  type Command,
  type ServerLimits,
} from '../../src/index.js';
import { Fixture } from '../support/fixture.js';
import { Peer } from '../support/peer.js';

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

async function start(limits: Partial<ServerLimits> = {}, ...commands: Command[]): Promise<void> {
  fixture = await Fixture.start({
    way: 'TCP',
    files: 'on disk',
    v1: 'all',
    limits,
    commands: [...builtinCommands, ...commands],
  });
}

const content = Buffer.alloc(100_000, 'content');

interface Upload {
  readonly connection: OriginalConnection;
  /** Sends the second half. */
  finish(): Promise<void>;
}

/** A client that has sent half of a file, all of which the server is at work on. */
async function beginUpload(identity?: Identity): Promise<Upload> {
  const connection = await fixture.original(identity).connect();
  await connection.writeRaw(connection.hello);
  await connection.readHello();
  const payload = sealPayload(connection.keys!, content);
  await connection.writeRaw(Buffer.from(`SEND|f|${payloadLength(content.length)}\n`));
  await connection.writeRaw(payload.subarray(0, 50_000));
  while ((await uploads()).length === 0) await delay(5);
  return { connection, finish: () => connection.writeRaw(payload.subarray(50_000)) };
}

function uploads(): Promise<string[]> {
  return readdir(`${fixture.directory}/.e2eeftp/uploads`);
}

async function expectNothingLeft(): Promise<void> {
  await fixture.untilConnections(0);
  expect(await uploads()).toEqual([]);
  expect(await readdir(`${fixture.directory}/received`)).toEqual([]);
}

/** What the client still reads. */
async function rest({ connection }: Upload): Promise<string> {
  const bytes = await connection.readAll();
  connection.close();
  return bytes.toString();
}

const lost = 'ended a connection: its client has lost its authorization';

describe('a client that may no longer do what it could', () => {
  test.each([
    ['its key is gone', (identity: Identity) => fixture.revoke(identity)],
    ['its mark is gone', (identity: Identity) => fixture.regrant(identity, { v1: false })],
    ['it may do less', (identity: Identity) => fixture.regrant(identity, { access: 'ro' })],
    ['it may do more', (identity: Identity) => fixture.regrant(identity, { access: 'admin' })],
  ])('is cut off, and what it sent is gone: %s', async (_why, change) => {
    await start();
    const identity = fixture.authorize();
    const stays = await beginUpload();
    const upload = await beginUpload(identity);
    change(identity);
    expect(await rest(upload)).toBe('');
    expect(fixture.logged(lost)).toHaveLength(1);
    await stays.finish();
    expect(await rest(stays)).toBe('226|Transfer Complete\n');
    await fixture.untilConnections(0);
    expect(await uploads()).toEqual([]);
  });

  test('is cut off when it cannot be looked up', async () => {
    await start();
    const identity = fixture.authorize();
    const upload = await beginUpload(identity);
    fixture.fail(identity);
    expect(await rest(upload)).toBe('');
    await expectNothingLeft();
  });

  test('is cut off between its handshake and its command', async () => {
    await start();
    const identity = fixture.authorize();
    const connection = await fixture.original(identity).connect();
    await connection.writeRaw(connection.hello);
    await connection.readHello();
    fixture.revoke(identity);
    expect((await connection.readAll()).length).toBe(0);
    connection.close();
    await expectNothingLeft();
  });

  test('is not cut off for another name, nor in the second generation for the mark', async () => {
    await start();
    const identity = fixture.authorize();
    const upload = await beginUpload(identity);
    fixture.regrant(identity, { name: 'renamed' });
    const peer = await fixture.connect();
    await upload.finish();
    expect(await rest(upload)).toBe('226|Transfer Complete\n');
    const current = fixture.authorize();
    const other = await Peer.connect(await fixture.open(), current);
    fixture.regrant(current, { v1: false });
    expect(await other.call('PING')).toMatchObject({ status: 200 });
    fixture.regrant(current, { v1: true });
    expect(await other.call('PING')).toMatchObject({ status: 200 });
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
    expect(fixture.logged(lost)).toEqual([]);
  });
});

describe('a server that closes', () => {
  test('finishes what is under way', async () => {
    await start();
    const upload = await beginUpload();
    const closed = fixture.server.close();
    await upload.finish();
    expect(await rest(upload)).toBe('226|Transfer Complete\n');
    await closed;
    expect(fixture.server.connections).toBe(0);
    expect(await readdir(`${fixture.directory}/received`)).toEqual(['f']);
  });

  test('cuts off what does not end in time, and stores nothing of it', async () => {
    await start({ drainTimeout: 50 });
    const upload = await beginUpload();
    await fixture.server.close();
    expect(fixture.server.connections).toBe(0);
    expect(await rest(upload)).toBe('');
    await expectNothingLeft();
  });

  test('does not fail when a client goes away meanwhile', async () => {
    await start();
    const first = await beginUpload();
    const second = await beginUpload();
    const closed = fixture.server.close();
    first.connection.socket.resetAndDestroy();
    second.connection.socket.end();
    await closed;
    await expectNothingLeft();
    expect(await rest(second)).toBe('');
    expect(fixture.logged('closed')).toHaveLength(1);
  });

  test('does not wait for a command that has not come, nor for a handshake', async () => {
    await start({ drainTimeout: 1e8 });
    const silent = await fixture.original().connect();
    const waiting = await fixture.original().connect();
    await waiting.writeRaw(waiting.hello);
    await waiting.readHello();
    const halfway = await fixture.original().connect();
    await halfway.writeRaw(halfway.hello.subarray(0, 100));
    while (fixture.server.connections < 3) await delay(5);
    await fixture.server.close();
    for (const connection of [silent, waiting, halfway]) {
      expect((await connection.readAll()).length).toBe(0);
      connection.close();
    }
  });

  test('tells a handler when time is up', async () => {
    const told: unknown[] = [];
    let begun: (() => void) | undefined;
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const stay = defineCommand({
      name: 'STAY',
      summary: 'Waits until it is told to stop',
      args: z.strictObject({}),
      effect: 'none',
      v1: { fields: {} },
      async handler(_args, { signal }) {
        begun?.();
        await delay(1e8, undefined, { signal }).catch(() => undefined);
        told.push(signal.reason);
        return { status: 200 };
      },
    });
    await start({ drainTimeout: 50 }, stay);
    const connection = await fixture.original().connect();
    await connection.writeRaw(connection.hello);
    await connection.readHello();
    await connection.writeRaw(Buffer.from('STAY\n'));
    await hasBegun;
    await fixture.server.close();
    expect(told).toMatchObject([{ code: 'closed' }]);
    expect((await connection.readAll()).length).toBe(0);
    connection.close();
  });

  test('gives a file to its end to a client that reads it', async () => {
    await start();
    const client = fixture.original();
    const large = Buffer.alloc(20_000_000, 'large');
    await client.send('large', large);
    const transport = await fixture.open();
    const { bytes: hello } = handshakeHello(formatIdentity(fixture.authorize()));
    await transport.write([hello, Buffer.from('GET|large\n')]);
    const line = `200|${payloadLength(large.length)}\n`;
    let missing = 132 + line.length + payloadLength(large.length);
    // The first bytes of the answer say that it is under way.
    while (missing > payloadLength(large.length))
      missing -= (await transport.read())?.length ?? NaN;
    const closed = fixture.server.close();
    for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
      missing -= chunk.length;
    }
    transport.destroy();
    await closed;
    expect(missing).toBe(0);
  });
});
