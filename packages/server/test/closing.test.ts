import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { Identity } from '@e2eeftp/crypto';
import { connectTcp } from '@e2eeftp/transport';

import { builtinCommands, defineCommand, type Command, type ServerLimits } from '../src/index.js';
import { Fixture } from './support/fixture.js';
import { Peer, untilHungUp } from './support/peer.js';

const goodbye = { status: 503, text: 'Shutting down' };

describe.each(['TCP', 'memory'] as const)('closing a server over %s', (way) => {
  let fixture: Fixture;
  afterEach(async () => {
    await fixture.close();
  });

  async function start(limits: Partial<ServerLimits> = {}, ...commands: Command[]): Promise<void> {
    fixture = await Fixture.start({ way, limits, commands: [...builtinCommands, ...commands] });
  }

  async function beginUpload(peer: Peer): Promise<void> {
    await peer.request('SEND', { path: 'received/f' }, true);
    while (fixture.uploads === 0) await delay(5);
  }

  test('idle clients hear 503', async () => {
    await start();
    const peers = [await fixture.connect(), await fixture.connect()];
    const closed = fixture.server.close();
    for (const peer of peers) expect(await peer.ending()).toEqual(goodbye);
    await closed;
    expect(fixture.server.connections).toBe(0);
  });

  test('who is in the handshake is let go', async () => {
    await start();
    const silent = await fixture.open();
    const half = await fixture.open();
    await half.write([new Peer(half, Identity.generate()).session.start()]);
    await half.read();
    await fixture.server.close();
    await untilHungUp(silent);
    await untilHungUp(half);
  });

  test('an upload under way is finished', async () => {
    await start();
    const peer = await fixture.connect();
    await beginUpload(peer);
    await peer.data(Buffer.alloc(500_000, 'x'));
    const closed = fixture.server.close();
    await peer.data(Buffer.alloc(500_000, 'x'));
    await peer.end({ ok: true, size: 1_000_000 });
    expect(await peer.answer()).toMatchObject({ status: 226, result: { size: 1_000_000 } });
    expect(await peer.ending()).toEqual(goodbye);
    await closed;
  });

  test('a download under way is finished', async () => {
    await start();
    const peer = await fixture.connect();
    await peer.send('received/f', Buffer.alloc(20_000_000, 'x'));
    await peer.request('GET', { path: 'received/f' });
    expect((await peer.next())?.type).toBe('response');
    const closed = fixture.server.close();
    let size = 0;
    let event = await peer.next();
    for (; event?.type === 'data'; event = await peer.next()) size += event.bytes.length;
    expect(event).toEqual({ type: 'end', end: { ok: true, size: 20_000_000 } });
    expect(size).toBe(20_000_000);
    expect(await peer.ending()).toEqual(goodbye);
    await closed;
  });

  test('what is asked meanwhile is not begun', async () => {
    await start();
    const peer = await fixture.connect();
    await beginUpload(peer);
    const closed = fixture.server.close();
    await peer.end({ ok: true, size: 0 });
    await peer.request('MKDIR', { path: 'received/d' });
    expect(await peer.answer()).toMatchObject({ status: 226 });
    expect(await peer.ending()).toEqual(goodbye);
    await closed;
    for await (const { path } of fixture.store.list('received' as never, { recursive: false })) {
      expect(path).toBe('f');
    }
  });

  test('requests that were taken are answered, also those that wait for their turn', async () => {
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun: string[] = [];
    await start(
      {},
      defineCommand({
        name: 'GATE',
        summary: 'Waits',
        args: z.strictObject({ id: z.string() }),
        effect: 'none',
        async handler({ id }) {
          begun.push(id);
          await gate;
          return { status: 200, result: id };
        },
      }),
    );
    const peer = await fixture.connect();
    await peer.request('GATE', { id: 'first' });
    await peer.request('GATE', { id: 'second' });
    while (begun.length === 0) await delay(5);
    // The second was read and waits for the first.
    await delay(20);
    const closed = fixture.server.close();
    release?.();
    expect(await peer.answer()).toMatchObject({ result: 'first' });
    expect(await peer.answer()).toMatchObject({ result: 'second' });
    expect(await peer.ending()).toEqual(goodbye);
    await closed;
  });

  test('nobody new is served', async () => {
    await start();
    const peer = await fixture.connect();
    await beginUpload(peer);
    const closed = fixture.server.close();
    if (way === 'memory') {
      expect(await untilHungUp(await fixture.open())).toBe(0);
    } else {
      await expect(fixture.open()).rejects.toMatchObject({ code: 'refused' });
    }
    await peer.end({ ok: true, size: 0 });
    expect(await peer.answer()).toMatchObject({ status: 226 });
    expect(await peer.ending()).toEqual(goodbye);
    await closed;
  });

  test('an upload that does not end is cut off, and nothing of it is stored', async () => {
    await start({ drainTimeout: 50 });
    const peer = await fixture.connect();
    await beginUpload(peer);
    await peer.data(Buffer.alloc(1000));
    const closed = fixture.server.close();
    expect(await peer.ending()).toEqual(goodbye);
    await closed;
    expect(fixture.server.connections).toBe(0);
    await expect(fixture.store.stat('received/f' as never)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('an upload that is cut off can be resumed', async () => {
    await start({ drainTimeout: 50 });
    const identity = fixture.authorize();
    const peer = await Peer.connect(await fixture.open(), identity);
    const id = Buffer.alloc(16, 7);
    await peer.request('SEND', { path: 'received/f', size: 2000, upload: id }, true);
    while (fixture.uploads === 0) await delay(5);
    await peer.data(Buffer.alloc(1000));
    const closed = fixture.server.close();
    expect(await peer.ending()).toEqual(goodbye);
    await closed;
    const key = { owner: identity.publicKey, id };
    expect(await fixture.store.findUpload(key, { digest: false })).toEqual({ offset: 1000 });
  });

  test('a client that sends on and on hears that it is cut off', async () => {
    await start({ drainTimeout: 50 });
    const peer = await fixture.connect();
    await beginUpload(peer);
    const over = new AbortController();
    const sending = (async () => {
      while (!over.signal.aborted) {
        await peer.data(Buffer.alloc(65_536));
        // In memory, nothing else would ever have its turn.
        await delay(1);
      }
    })().catch(() => undefined);
    const closed = fixture.server.close();
    const event = await peer.next();
    over.abort();
    expect(event).toEqual({ type: 'close', close: goodbye });
    await sending;
    await peer.ending();
    await closed;
  });

  test('a download that is cut off in the middle says why', async () => {
    await start({ drainTimeout: 50 });
    const peer = await fixture.connect();
    await peer.send('received/f', Buffer.alloc(20_000_000, 'x'));
    for (let index = 0; index < 3; index++) await peer.request('GET', { path: 'received/f' });
    expect((await peer.next())?.type).toBe('response');
    const closed = fixture.server.close();
    while (fixture.logged('cut the client off: it was not done in time').length === 0)
      await delay(5);
    let event = await peer.next();
    while (event?.type === 'data') event = await peer.next();
    expect(event).toEqual({ type: 'close', close: goodbye });
    await peer.ending();
    await closed;
    expect(fixture.server.connections).toBe(0);
  });

  test('a download that nobody reads is cut off', async () => {
    await start({ drainTimeout: 50 });
    const peer = await fixture.connect();
    await peer.send('received/f', Buffer.alloc(20_000_000));
    for (let index = 0; index < 8; index++) await peer.request('GET', { path: 'received/f' });
    expect((await peer.next())?.type).toBe('response');
    await fixture.server.close();
    expect(fixture.server.connections).toBe(0);
    // In memory, what was written stays readable.
    expect(await peer.ending()).toEqual(way === 'TCP' ? 'cut off' : goodbye);
  });

  test('handlers hear of it when time is up, also while nothing is read from their client', async () => {
    const begun: string[] = [];
    const ended: string[] = [];
    await start(
      { drainTimeout: 50 },
      defineCommand({
        name: 'STAY',
        summary: 'Waits until it is told to stop',
        args: z.looseObject({}),
        effect: 'none',
        handler: async (_args, { signal }) => {
          begun.push('STAY');
          await delay(1_000_000, undefined, { signal }).catch(() => undefined);
          ended.push('STAY');
          return { status: 200 };
        },
      }),
    );
    const peer = await fixture.connect();
    for (let index = 0; index < 3; index++) await peer.request('STAY');
    // Behind the first, the second waits for its turn, and nothing more is read.
    while (begun.length === 0) await delay(5);
    await delay(20);
    await fixture.server.close();
    expect(ended.length).toBeGreaterThan(0);
    expect(fixture.server.connections).toBe(0);
  });

  test('closing again changes nothing', async () => {
    await start();
    const peer = await fixture.connect();
    void peer.ending();
    const first = fixture.server.close();
    const second = fixture.server.close();
    await Promise.all([first, second]);
    await fixture.server.close();
    expect(fixture.logged('closed')).toHaveLength(1);
  });
});

describe('a server', () => {
  let fixture: Fixture;
  afterEach(async () => {
    await fixture.close();
  });

  test('does not wait for ever for a handler that heeds nothing', async () => {
    let release: (() => void) | undefined;
    const deaf = defineCommand({
      name: 'DEAF',
      summary: 'Does not listen',
      args: z.strictObject({}),
      effect: 'none',
      handler: () =>
        new Promise((resolve) => {
          release = () => resolve({ status: 200 });
        }),
    });
    fixture = await Fixture.start({ limits: { drainTimeout: 50 }, commands: [deaf] });
    const peer = await fixture.connect();
    await peer.request('DEAF');
    while (!release) await delay(5);
    await fixture.server.close();
    expect(fixture.logged('commands go on after their connections ended')).toMatchObject([
      { level: 'error', fields: { connections: 1 } },
    ]);
    release();
  });

  test('frees its port when it closes', async () => {
    fixture = await Fixture.start({ way: 'TCP' });
    const { port } = fixture.server.address;
    void (await fixture.connect()).ending();
    await fixture.server.close();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  });

  test('has no address before it listens, and listens once', async () => {
    fixture = await Fixture.start();
    const { server } = fixture;
    expect(() => server.address).toThrow(expect.objectContaining({ code: 'not-running' }));
    const started = server.start({ port: 0 });
    await expect(server.start({ port: 0 })).rejects.toMatchObject({ code: 'bad-option' });
    await started;
    expect(server.address).toMatchObject({ host: '127.0.0.1' });
    expect(fixture.logged('listening')).toMatchObject([
      { fields: { ...server.address, fingerprint: expect.stringMatching(/^[A-Z2-7-]{23}$/u) } },
    ]);
  });

  test('is not started again after it was closed', async () => {
    fixture = await Fixture.start({ way: 'TCP' });
    await fixture.server.close();
    await expect(fixture.server.start({ port: 0 })).rejects.toMatchObject({ code: 'not-running' });
  });

  test('that is closed while it starts does not listen', async () => {
    fixture = await Fixture.start();
    const started = fixture.server.start({ port: 0 });
    await fixture.server.close();
    await started;
    const { address } = fixture.server;
    await expect(connectTcp({ ...address, timeout: 1000 })).rejects.toMatchObject({
      code: 'refused',
    });
  });

  test('says when the port is taken, and can be started at another', async () => {
    fixture = await Fixture.start({ way: 'TCP' });
    const { port } = fixture.server.address;
    const other = await Fixture.start();
    await expect(other.server.start({ port })).rejects.toMatchObject({ code: 'unavailable' });
    await other.server.start({ port: 0 });
    await other.close();
  });
});
