import { setImmediate } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { Identity } from '@e2eeftp/crypto';
import type { Transport } from '@e2eeftp/transport';

import type { ServerLimits } from '../src/index.js';
import { Fixture } from './support/fixture.js';
import { Observed } from './support/observed.js';
import { Peer, untilHungUp } from './support/peer.js';

/** Longer than any test: nobody gets on because somebody else was thrown out. */
const never = 1_000_000;

let fixture: Fixture;
let observed: Observed;
afterEach(async () => {
  await fixture.close();
});

async function start(
  limits: Partial<ServerLimits>,
  beforeAuthorizing?: () => Promise<void>,
): Promise<void> {
  observed = new Observed();
  fixture = await Fixture.start({
    way: 'TCP',
    limits,
    observer: observed,
    ...(beforeAuthorizing && { beforeAuthorizing }),
  });
}

async function enter(from: string): Promise<Peer> {
  return Peer.connect(await fixture.open(from), fixture.authorize());
}

function openAll(from: string, count: number): Promise<Transport[]> {
  return Promise.all(Array.from({ length: count }, () => fixture.open(from)));
}

/** Connections that say so much of a hello, and then nothing. */
async function silentOnes(from: string, count: number, said: number): Promise<Transport[]> {
  const transports = await openAll(from, count);
  for (const transport of transports) {
    const hello = new Peer(transport, Identity.generate()).session.start();
    if (said > 0) await transport.write([hello.subarray(0, said)]);
  }
  return transports;
}

describe('a server that does few handshakes at once', () => {
  test('lets everybody in, never more at once than it says', async () => {
    let now = 0;
    let most = 0;
    await start({ handshakes: 2 }, async () => {
      most = Math.max(most, ++now);
      for (let turns = 0; turns < 5; turns++) await setImmediate();
      now--;
    });
    const hosts = Array.from({ length: 40 }, (_, index) => `127.0.0.${(index % 4) + 1}`);
    const peers = await Promise.all(hosts.map(enter));
    for (const peer of peers) expect(await peer.call('PING')).toMatchObject({ status: 200 });
    expect(most).toBe(2);
    expect(observed.handshakes).toEqual(Array(40).fill('established'));
  });

  test('lets everybody of one address in, one after the other', async () => {
    await start({ handshakes: 2 });
    const peers = await Promise.all(Array.from({ length: 30 }, () => enter('127.0.0.2')));
    for (const peer of peers) expect(await peer.call('PING')).toMatchObject({ status: 200 });
  });

  test.each([0, 1, 4, 700])(
    'throws out those that stop after %d bytes, and lets in who waited',
    async (said) => {
      await start({ handshakes: 2, handshakeTimeout: 300, delaysFailures: false });
      const silent = [
        ...(await silentOnes('127.0.0.2', 1, said)),
        ...(await silentOnes('127.0.0.3', 1, said)),
      ];
      // Whoever comes now waits until their time is over, and may be thrown out itself then.
      for (;;) {
        const transport = await fixture.open('127.0.0.1');
        const peer = await Peer.connect(transport, fixture.authorize()).catch(() => undefined);
        if (!peer) continue;
        expect(await peer.call('PING')).toMatchObject({ status: 200 });
        break;
      }
      for (const transport of silent) expect(await untilHungUp(transport)).toBe(0);
      await fixture.untilConnections(1);
    },
  );

  test.each([0, 1, 4, 700, 5000])(
    'is not held up by one address whose clients all stop after %d bytes',
    async (said) => {
      await start({ handshakes: 4, handshakeTimeout: never });
      await silentOnes('127.0.0.2', 30, said);
      const peers = await Promise.all(['127.0.0.1', '127.0.0.3', '127.0.0.3'].map(enter));
      for (const peer of peers) expect(await peer.call('PING')).toMatchObject({ status: 200 });
    },
  );

  test('forgets who hangs up while it waits', async () => {
    await start({ handshakes: 2, handshakeTimeout: never });
    const [first, second] = [
      ...(await silentOnes('127.0.0.2', 1, 4)),
      ...(await silentOnes('127.0.0.3', 1, 4)),
    ];
    const gone = await openAll('127.0.0.1', 20);
    for (const [index, transport] of gone.entries()) {
      if (index % 2 === 0) transport.destroy();
      else await transport.end();
    }
    const entering = Promise.all([enter('127.0.0.1'), enter('127.0.0.2')]);
    first?.destroy();
    for (const peer of await entering) expect((await peer.call('PING')).status).toBe(200);
    second?.destroy();
    await fixture.untilConnections(2);
  });

  test('lets go of those that wait when it closes', async () => {
    await start({ handshakes: 2, handshakeTimeout: never });
    const transports = await silentOnes('127.0.0.2', 20, 4);
    while (fixture.server.connections < 20) await setImmediate();
    await fixture.server.close();
    for (const transport of transports) expect(await untilHungUp(transport)).toBe(0);
    expect([observed.opened, observed.closed]).toEqual([20, 20]);
  });

  test('throws out those that wait too long, and does not hold it against them', async () => {
    let goOn: (() => void) | undefined;
    const lookup = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await start({ handshakes: 1, handshakeTimeout: 100 }, () => lookup);
    // It is looked up for longer than anybody waits.
    const slow = new Peer(await fixture.open('127.0.0.2'), fixture.authorize());
    await slow.begin();
    for (const transport of await openAll('127.0.0.1', 10)) {
      expect(await untilHungUp(transport)).toBe(0);
    }
    await fixture.untilConnections(1);
    goOn?.();
    await untilHungUp(slow.transport);
    await fixture.untilConnections(0);
    expect(observed.handshakes).not.toContain('established');
    expect(observed.refusals).toEqual([]);
  });
});

/** Ways to fail, each to be done by a client that ends up hung up upon. */
const failures: Readonly<Record<string, (transport: Transport) => Promise<void>>> = {
  'what is no hello': (transport) => transport.write([Buffer.from('GET / HTTP/1.1\r\n\r\n')]),
  'a hello of the first generation': (transport) =>
    transport.write([Buffer.from([0, 0, 0, 128]), Buffer.alloc(128)]),
  'one byte and an end': async (transport) => {
    await transport.write([Uint8Array.of(0x65)]);
    await transport.end();
  },
  'one byte and nothing more': (transport) => transport.write([Uint8Array.of(0x65)]),
  'half a hello and an end': async (transport) => {
    const hello = new Peer(transport, Identity.generate()).session.start();
    await transport.write([hello.subarray(0, 600)]);
    await transport.end();
  },
  'half a hello and nothing more': (transport) => {
    const hello = new Peer(transport, Identity.generate()).session.start();
    return transport.write([hello.subarray(0, 600)]);
  },
  'a hello and garbage': (transport) =>
    transport.write([new Peer(transport, Identity.generate()).session.start(), Buffer.alloc(500)]),
  'a hello and nothing more': (transport) =>
    transport.write([new Peer(transport, Identity.generate()).session.start()]),
  'a key that is not authorized': async (transport) => {
    const stranger = new Peer(transport, Identity.generate());
    await stranger.begin();
    await stranger.ending();
    transport.destroy();
  },
};

describe('an address whose clients fail', () => {
  test.each(Object.entries(failures))(
    'again and again with %s has to wait, and no other',
    async (_how, fail) => {
      // Who says nothing more is waited for; what was said before must have been heard by then.
      await start({ handshakeTimeout: 300 });
      for (let count = 1; count <= 6; count++) {
        const transport = await fixture.open('127.0.0.2');
        await fail(transport);
        await untilHungUp(transport);
        while (observed.closed < count) await setImmediate();
      }
      expect(observed.handshakes).toEqual(Array(6).fill('failed'));
      // The sixth failure costs a second.
      const before = observed.opened;
      expect(await untilHungUp(await fixture.open('127.0.0.2'))).toBe(0);
      expect(observed.refusals).toEqual(['failures']);
      expect(observed.opened).toBe(before);
      // Enough for an honest handshake on a busy machine.
      fixture.server.changeLimits({ handshakeTimeout: 10_000 });
      const other = await enter('127.0.0.1');
      expect(await other.call('PING')).toMatchObject({ status: 200 });
    },
  );

  test('waits a while and not for ever', async () => {
    await start({});
    const start6 = performance.now();
    for (let count = 1; count <= 6; count++) {
      const transport = await fixture.open('127.0.0.2');
      await transport.write([Buffer.from('garbage')]);
      await untilHungUp(transport);
      while (observed.closed < count) await setImmediate();
    }
    for (;;) {
      const peer = await enter('127.0.0.2').catch(() => undefined);
      if (!peer) continue;
      expect(performance.now() - start6).toBeGreaterThanOrEqual(1000);
      expect(await peer.call('PING')).toMatchObject({ status: 200 });
      break;
    }
    expect(new Set(observed.refusals)).toEqual(new Set(['failures']));
  });

  test('is forgiven when one of them succeeds', async () => {
    await start({});
    for (let round = 0; round < 4; round++) {
      for (let count = 1; count <= 5; count++) {
        const { closed } = observed;
        const transport = await fixture.open('127.0.0.2');
        await transport.write([Buffer.from('garbage')]);
        await untilHungUp(transport);
        while (observed.closed === closed) await setImmediate();
      }
      await (await enter('127.0.0.2')).close();
    }
    expect(observed.refusals).toEqual([]);
  });

  test('does not wait where that was said', async () => {
    await start({ delaysFailures: false });
    for (let count = 1; count <= 30; count++) {
      const transport = await fixture.open('127.0.0.2');
      await transport.write([Buffer.from('garbage')]);
      expect(await untilHungUp(transport)).toBe(0);
    }
    expect(await (await enter('127.0.0.2')).call('PING')).toMatchObject({ status: 200 });
    expect(observed.refusals).toEqual([]);
  });
});

describe('no failure is', () => {
  test.each<[string, (transport: Transport) => Promise<void>]>([
    ['to hang up', async (transport) => transport.destroy()],
    ['to end', (transport) => transport.end()],
    ['to say nothing until time is up', async () => undefined],
    [
      'to come in and to be gone',
      async (transport) => {
        (await Peer.connect(transport, fixture.authorize())).transport.destroy();
      },
    ],
    [
      'to come in and to break the protocol then',
      async (transport) => {
        const peer = await Peer.connect(transport, fixture.authorize());
        await peer.transport.write([Buffer.from('no record')]);
      },
    ],
  ])('%s', async (what, visit) => {
    await start(what.includes('time is up') ? { handshakeTimeout: 500 } : {});
    for (let round = 0; round < 3; round++) {
      const transports = await openAll('127.0.0.2', 10);
      await Promise.all(
        transports.map(async (transport) => {
          await visit(transport);
          await untilHungUp(transport);
        }),
      );
      await fixture.untilConnections(0);
    }
    expect(observed.refusals).toEqual([]);
    expect(observed.handshakes).not.toContain('failed');
    expect(await (await enter('127.0.0.2')).call('PING')).toMatchObject({ status: 200 });
  });
});
