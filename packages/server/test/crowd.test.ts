import { readdir } from 'node:fs/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { Identity } from '@e2eeftp/crypto';

import { Fixture } from './support/fixture.js';
import { handshake, Peer, untilHungUp } from './support/peer.js';

const connections = 300;
const atOnce = 20;

/** The same numbers in every run, so that a failure can be looked into. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    // The generator of C's standard, whose upper bits are good enough.
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

describe.each(['TCP', 'memory'] as const)('many clients over %s', (way) => {
  let fixture: Fixture;
  afterEach(async () => {
    await fixture.close();
  });

  /** What a client does before it vanishes. */
  const stages: readonly ((number: (below: number) => number) => Promise<void>)[] = [
    async () => {
      (await fixture.open()).destroy();
    },
    async () => {
      const transport = await fixture.open();
      await transport.end();
      await untilHungUp(transport);
    },
    async (number) => {
      const transport = await fixture.open();
      await transport.write([new Uint8Array(number(3000) + 1).fill(number(256))]);
      transport.destroy();
    },
    async (number) => {
      const transport = await fixture.open();
      const hello = new Peer(transport, Identity.generate()).session.start();
      await transport.write([hello.subarray(0, number(hello.length + 1))]);
      transport.destroy();
    },
    async () => {
      const transport = await fixture.open();
      await handshake(transport, Identity.generate());
      transport.destroy();
    },
    async () => {
      const stranger = new Peer(await fixture.open(), Identity.generate());
      await stranger.begin();
      await stranger.ending();
    },
    async (number) => {
      const transport = await fixture.open();
      await handshake(transport, fixture.authorize());
      await transport.write([new Uint8Array(number(100)).fill(number(256))]);
      transport.destroy();
    },
    async (number) => {
      const peer = await fixture.connect();
      await peer.request('SEND', { path: `received/half${number(10)}` }, true);
      await peer.data(Buffer.alloc(number(200_000)));
      peer.transport.destroy();
    },
    async (number) => {
      const peer = await fixture.connect();
      await peer.request('GET', { path: 'received/big' });
      for (let events = number(3); events > 0; events--) await peer.next();
      peer.transport.destroy();
    },
    async (number) => {
      const peer = await fixture.connect();
      for (let requests = number(50); requests > 0; requests--) await peer.request('PING');
      peer.transport.destroy();
    },
    async () => {
      const peer = await fixture.connect();
      await peer.send('received/whole', 'whole');
      await peer.close();
    },
  ];

  test(`${connections} that vanish at any moment do not disturb one that stays`, async () => {
    fixture = await Fixture.start({ way, files: 'on disk' });
    const healthy = await fixture.connect();
    await healthy.send('received/big', Buffer.alloc(1_000_000, 'b'));
    const number = numbersFrom(20_260_101);
    let left = connections;
    const crowd = Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left-- > 0) await stages[number(stages.length)]?.(number).catch(() => undefined);
      }),
    );
    const state = { isOver: false };
    void crowd.then(() => {
      state.isOver = true;
    });
    let rounds = 0;
    while (!state.isOver) {
      const content = `round ${rounds++}`;
      expect(await healthy.send('received/mine', content)).toMatchObject({ status: 226 });
      expect(await healthy.get('received/mine')).toBe(content);
    }
    await crowd;
    expect(rounds).toBeGreaterThan(0);
    await fixture.untilConnections(1);
    const { result } = await healthy.call('LIST', { path: 'received' });
    const { entries } = result as { entries: { path: string }[] };
    expect(entries.map(({ path }) => path)).toEqual(['big', 'mine', 'whole']);
    expect(fixture.logged('connection failed')).toEqual([]);
    expect(fixture.logged('a command failed')).toEqual([]);
    expect(await readdir(`${fixture.directory}/.e2eeftp/uploads`)).toEqual([]);
  });
});
