import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { Identity } from '@e2eeftp/crypto';

import { builtinCommands, defineCommand, type ServerLimits } from '../src/index.js';
import { Fixture } from './support/fixture.js';
import { Peer, untilHungUp } from './support/peer.js';

const short = 50;

describe.each(['TCP', 'memory'] as const)('limits over %s', (way) => {
  let fixture: Fixture;
  afterEach(async () => {
    await fixture.close();
  });

  async function start(limits: Partial<ServerLimits>): Promise<void> {
    fixture = await Fixture.start({ way, limits });
  }

  describe('a handshake that takes too long', () => {
    test.each([0, 1, 3, 4, 500])('ends after %d bytes', async (length) => {
      await start({ handshakeTimeout: short });
      const transport = await fixture.open();
      const hello = new Peer(transport, Identity.generate()).session.start();
      await transport.write([hello.subarray(0, length)]);
      expect(await untilHungUp(transport)).toBe(0);
      await fixture.untilConnections(0);
    });

    test('ends before the client has shown who it is', async () => {
      await start({ handshakeTimeout: short });
      const transport = await fixture.open();
      await transport.write([new Peer(transport, fixture.authorize()).session.start()]);
      await untilHungUp(transport);
      await fixture.untilConnections(0);
      expect(fixture.logged('client connected')).toEqual([]);
    });

    test('ends although bytes trickle', async () => {
      await start({ handshakeTimeout: short });
      const transport = await fixture.open();
      const hello = new Peer(transport, Identity.generate()).session.start();
      for (const byte of hello.subarray(0, 1200)) {
        if (fixture.server.connections === 0) break;
        await transport.write([Uint8Array.of(byte)]).catch(() => undefined);
        await delay(1);
      }
      expect(fixture.server.connections).toBe(0);
    });
  });

  describe('a client that is silent', () => {
    test('hears 408', async () => {
      await start({ idleTimeout: short });
      const peer = await fixture.connect();
      expect(await peer.ending()).toEqual({ status: 408, text: 'Idle for too long' });
      await fixture.untilConnections(0);
    });

    test('is let go although it does not hang up', async () => {
      await start({ idleTimeout: short });
      await fixture.connect();
      await fixture.untilConnections(0);
    });

    test('is not silent while it asks', async () => {
      // Together the pauses are longer than the limit; each is so short that no busy machine makes
      // one of them reach it.
      await start({ idleTimeout: 2000 });
      const peer = await fixture.connect();
      for (let index = 0; index < 10; index++) {
        expect(await peer.call('PING')).toMatchObject({ status: 200 });
        await delay(250);
      }
      expect(await peer.ending()).toMatchObject({ status: 408 });
    });

    test('is not silent while it waits for an answer', async () => {
      fixture = await Fixture.start({
        way,
        limits: { idleTimeout: short },
        commands: [
          defineCommand({
            name: 'WAIT',
            summary: 'Takes its time',
            args: z.strictObject({}),
            effect: 'none',
            handler: () => delay(4 * short, { status: 200 }),
          }),
        ],
      });
      const peer = await fixture.connect();
      expect(await peer.call('WAIT')).toMatchObject({ status: 200 });
    });
  });

  describe('a transfer that stands still', () => {
    test('is ended while the client should send', async () => {
      await start({ progressTimeout: short });
      const peer = await fixture.connect();
      await peer.request('SEND', { path: 'received/f' }, true);
      await peer.data(Buffer.alloc(1000));
      expect(await peer.ending()).toBe('cut off');
      await fixture.untilConnections(0);
      expect(await (await fixture.connect()).get('received/f')).toBe(404);
    });

    test('is ended although it was refused', async () => {
      await start({ progressTimeout: short });
      const peer = await fixture.connect();
      await peer.request('SEND', { path: 'elsewhere/f' }, true);
      expect(await peer.answer()).toMatchObject({ status: 403 });
      expect(await peer.ending()).toBe('cut off');
      await fixture.untilConnections(0);
    });

    test('is ended while the client should read', async () => {
      await start({ progressTimeout: short });
      const peer = await fixture.connect();
      for (let index = 0; index < 16; index++) {
        await peer.send(`received/${index}`, Buffer.alloc(4_000_000));
      }
      for (let index = 0; index < 16; index++)
        await peer.request('GET', { path: `received/${index}` });
      await fixture.untilConnections(0);
    });

    test('is not ended while bytes move', async () => {
      await start({ progressTimeout: 200 });
      const peer = await fixture.connect();
      await peer.request('SEND', { path: 'received/f' }, true);
      for (let index = 0; index < 12; index++) {
        await peer.data(Buffer.alloc(10));
        await delay(40);
      }
      await peer.end({ ok: true, size: 120 });
      expect(await peer.answer()).toMatchObject({ status: 226 });
    });

    test('is not ended while the server is the slow one', async () => {
      const slow = defineCommand({
        name: 'SLOW',
        summary: 'Reads and writes slowly',
        args: z.strictObject({}),
        effect: 'none',
        takesBody: true,
        async handler(_args, { body }) {
          let size = 0;
          for await (const parts of body ?? []) {
            for (const { length } of parts) size += length;
            await delay(3 * short);
          }
          const chunks = (async function* () {
            await delay(3 * short);
            yield Buffer.alloc(1000);
            await delay(3 * short);
            yield Buffer.alloc(1000);
          })();
          const close = async (): Promise<void> => undefined;
          return { status: 200, result: size, body: { chunks, close } };
        },
      });
      const limits = { progressTimeout: short };
      fixture = await Fixture.start({ way, limits, commands: [...builtinCommands, slow] });
      const peer = await fixture.connect();
      await peer.request('SLOW', {}, true);
      for (let index = 0; index < 6; index++) await peer.data(Buffer.alloc(1_000_000));
      await peer.end({ ok: true, size: 6_000_000 });
      const { result, body } = await peer.answer();
      expect(result).toBe(6_000_000);
      expect(body?.end).toEqual({ ok: true, size: 2000 });
    });
  });

  test('more connections than allowed are not taken', async () => {
    await start({ connections: 2 });
    const first = await fixture.connect();
    const second = await fixture.connect();
    const third = await fixture.open();
    expect(await untilHungUp(third)).toBe(0);
    expect(await second.call('PING')).toMatchObject({ status: 200 });
    await first.close();
    await fixture.untilConnections(1);
    const fourth = await fixture.connect();
    expect(await fourth.call('PING')).toMatchObject({ status: 200 });
    expect(fixture.logged('refused a connection: there are too many')).toHaveLength(1);
  });
});
