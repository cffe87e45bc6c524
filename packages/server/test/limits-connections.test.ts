import { setImmediate } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import type { Transport } from '@e2eeftp/transport';

import type { ServerLimits } from '../src/index.js';
import { Fixture } from './support/fixture.js';
import { Observed } from './support/observed.js';
import { Peer, untilHungUp } from './support/peer.js';

let fixture: Fixture;
let observed: Observed;
afterEach(async () => {
  await fixture.close();
});

async function start(limits: Partial<ServerLimits>, host = '127.0.0.1'): Promise<void> {
  observed = new Observed();
  fixture = await Fixture.start({ limits, observer: observed });
  await fixture.server.start({ host, port: 0 });
}

async function enter(from: string): Promise<Peer> {
  return Peer.connect(await fixture.open(from), fixture.authorize());
}

async function expectRefused(from: string): Promise<void> {
  expect(await untilHungUp(await fixture.open(from))).toBe(0);
}

async function leave(peer: Peer): Promise<void> {
  const { connections } = fixture.server;
  await peer.close();
  await fixture.untilConnections(connections - 1);
}

/** Everything that was opened is closed, and every refusal was told once. */
async function expectBalance(refusals: Readonly<Record<string, number>>): Promise<void> {
  fixture.hangUp();
  await fixture.untilConnections(0);
  await fixture.server.close();
  expect(observed.closed).toBe(observed.opened);
  const counts: Record<string, number> = {};
  for (const refusal of observed.refusals) counts[refusal] = (counts[refusal] ?? 0) + 1;
  expect(counts).toEqual(refusals);
  const lines = fixture.log.filter(({ message }) => message.startsWith('refused a connection'));
  expect(lines).toHaveLength(observed.refusals.length);
  for (const { level, fields } of lines) {
    expect(level).toBe('warn');
    expect(fields).toEqual({ peer: expect.any(String), limit: expect.any(String) });
  }
}

describe('a server that takes so many connections', () => {
  test('takes no more, from wherever they come, and serves those that it has', async () => {
    await start({ connections: 3 });
    const peers = [await enter('127.0.0.1'), await enter('127.0.0.2'), await enter('127.0.0.3')];
    for (const from of ['127.0.0.1', '127.0.0.4']) await expectRefused(from);
    for (const peer of peers) expect(await peer.call('PING')).toMatchObject({ status: 200 });
    await leave(peers[0]!);
    const next = await enter('127.0.0.4');
    await expectRefused('127.0.0.1');
    expect(await next.call('PING')).toMatchObject({ status: 200 });
    await expectBalance({ connections: 3 });
    expect(observed.opened).toBe(4);
  });

  test('takes those again whose place became free in whatever way', async () => {
    await start({ connections: 1, delaysFailures: false });
    const endings: ((transport: Transport) => Promise<void>)[] = [
      async (transport) => transport.destroy(),
      async (transport) => transport.end(),
      async (transport) => transport.write([Buffer.from('GET / HTTP/1.1\r\n\r\n')]),
      async (transport) => {
        await (await Peer.connect(transport, fixture.authorize())).close();
      },
      async (transport) => (await Peer.connect(transport, fixture.authorize())).transport.destroy(),
    ];
    for (const end of endings) {
      const transport = await fixture.open('127.0.0.1');
      await end(transport);
      await untilHungUp(transport);
      await fixture.untilConnections(0);
    }
    expect(await (await enter('127.0.0.1')).call('PING')).toMatchObject({ status: 200 });
    await expectBalance({});
  });

  test('stays at its limit in a flood, and is free after it', async () => {
    await start({ connections: 10, handshakeTimeout: 60_000 });
    const transports = await Promise.all(
      Array.from({ length: 200 }, (_, index) => fixture.open(`127.0.1.${index + 1}`)),
    );
    while (observed.refusals.length < 190) await setImmediate();
    expect(fixture.server.connections).toBe(10);
    for (const transport of transports) transport.destroy();
    await fixture.untilConnections(0);
    expect(await (await enter('127.0.0.1')).call('PING')).toMatchObject({ status: 200 });
    await expectBalance({ connections: 190 });
  });
});

describe('a server that takes so many connections from an address', () => {
  test('takes no more from there, and others all the same', async () => {
    await start({ connectionsPerAddress: 2 });
    const first = await enter('127.0.0.2');
    await enter('127.0.0.2');
    await expectRefused('127.0.0.2');
    await enter('127.0.0.3');
    await enter('127.0.0.3');
    await expectRefused('127.0.0.3');
    await leave(first);
    await enter('127.0.0.2');
    await expectRefused('127.0.0.2');
    await expectBalance({ 'connections-per-address': 3 });
  });

  test('counts both families, where it listens for both', async () => {
    await start({ connectionsPerAddress: 1 }, '::');
    await enter('::1');
    await expectRefused('::1');
    await enter('127.0.0.2');
    await expectRefused('127.0.0.2');
    await enter('127.0.0.3');
    await expectBalance({ 'connections-per-address': 2 });
  });
});
