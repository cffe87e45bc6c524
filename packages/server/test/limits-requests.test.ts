import { setImmediate } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import type { Identity } from '@e2eeftp/crypto';

import { RequestRates, type RequestPacing } from '../src/admission/request-rates.js';
import type { ServerLimits } from '../src/index.js';
import { Fixture } from './support/fixture.js';
import { Observed } from './support/observed.js';
import { Peer, untilHungUp } from './support/peer.js';

/** The server's own pacing, of which a test sees who waits. */
class WatchedRates implements RequestPacing {
  asked = 0;
  readonly #rates: RequestRates;

  constructor(perSecond: number) {
    this.#rates = new RequestRates(perSecond);
  }

  turnOf(identity: Uint8Array, signal: AbortSignal): Promise<void> {
    this.asked++;
    return this.#rates.turnOf(identity, signal);
  }

  async untilAsked(count: number): Promise<void> {
    while (this.asked < count) await setImmediate();
  }
}

/** A timer of Node may end a millisecond early. */
const tolerance = 2;

let fixture: Fixture;
let observed: Observed;
let rates: WatchedRates;
afterEach(async () => {
  await fixture.close();
});

describe.each(['TCP', 'memory'] as const)('a rate of requests over %s', (way) => {
  async function start(limits: Partial<ServerLimits>): Promise<void> {
    observed = new Observed();
    rates = new WatchedRates(limits.requestRate ?? 0);
    fixture = await Fixture.start({ way, limits, observer: observed, pacing: rates });
  }

  async function enter(identity: Identity): Promise<Peer> {
    return Peer.connect(await fixture.open(), identity);
  }

  /** Sends all before it reads an answer, and says how long all answers took, in milliseconds. */
  async function pipeline(peer: Peer, count: number): Promise<number> {
    const start = performance.now();
    for (let index = 0; index < count; index++) await peer.request('PING');
    for (let index = 0; index < count; index++) {
      expect(await peer.answer()).toEqual({ status: 200, text: 'OK', result: null });
    }
    return performance.now() - start;
  }

  test('makes who asks faster wait, and refuses nothing', async () => {
    await start({ requestRate: 100 });
    const elapsed = await pipeline(await enter(fixture.authorize()), 150);
    expect(elapsed).toBeGreaterThanOrEqual(500 - tolerance);
    expect(observed.commands.every(({ status }) => status === 200)).toBe(true);
  });

  test('counts all connections of an identity together', async () => {
    await start({ requestRate: 100 });
    const identity = fixture.authorize();
    const peers = await Promise.all(Array.from({ length: 5 }, () => enter(identity)));
    const begin = performance.now();
    await Promise.all(peers.map((peer) => pipeline(peer, 30)));
    expect(performance.now() - begin).toBeGreaterThanOrEqual(500 - tolerance);
  });

  test('lets others ask meanwhile', async () => {
    await start({ requestRate: 20 });
    const greedy = await enter(fixture.authorize());
    const ends: string[] = [];
    const flood = pipeline(greedy, 40).then(() => ends.push('flood'));
    const modest = await enter(fixture.authorize());
    for (let index = 0; index < 15; index++) {
      expect(await modest.call('PING')).toMatchObject({ status: 200 });
    }
    ends.push('modest');
    await flood;
    expect(ends).toEqual(['modest', 'flood']);
  });

  test('does not hold anybody back who keeps to it', async () => {
    await start({ requestRate: 1_000_000 });
    expect(await pipeline(await enter(fixture.authorize()), 2000)).toBeGreaterThan(0);
  });

  test('does not take who waits for a client that is silent', async () => {
    await start({ requestRate: 4, idleTimeout: 60 });
    const peer = await enter(fixture.authorize());
    expect(await pipeline(peer, 6)).toBeGreaterThanOrEqual(500 - tolerance);
    expect(await peer.ending()).toMatchObject({ status: 408 });
  });

  test('does no more for who is gone than to notice it', async () => {
    await start({ requestRate: 10 });
    const peer = await enter(fixture.authorize());
    for (let index = 0; index < 1000; index++) await peer.request('PING');
    await rates.untilAsked(11);
    peer.transport.destroy();
    await fixture.untilConnections(0);
    expect(observed.closed).toBe(observed.opened);
    expect(observed.commands.length).toBeLessThan(20);
  });

  test('keeps no server from closing', async () => {
    await start({ requestRate: 1 / 3600, drainTimeout: 50 });
    const peer = await enter(fixture.authorize());
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
    await peer.request('MKDIR', { path: 'received/d' });
    await rates.untilAsked(2);
    const hungUp = untilHungUp(peer.transport);
    await fixture.server.close();
    await hungUp;
    expect(fixture.server.connections).toBe(0);
    await expect(fixture.store.stat('received/d' as never)).rejects.toThrow();
  });

  test('lets what was taken be answered before the server closes', async () => {
    await start({ requestRate: 4 });
    const peer = await enter(fixture.authorize());
    await pipeline(peer, 4);
    await peer.request('PING');
    await rates.untilAsked(5);
    const closed = fixture.server.close();
    expect(await peer.answer()).toMatchObject({ status: 200 });
    expect(await peer.ending()).toMatchObject({ status: 503 });
    await closed;
  });

  test('that cannot be said ends the connection, and no other', async () => {
    let isDown = false;
    observed = new Observed();
    const pacing: RequestPacing = {
      turnOf: async () => {
        if (isDown) throw new Error('nobody answers');
      },
    };
    fixture = await Fixture.start({ way, observer: observed, pacing });
    const peer = await enter(fixture.authorize());
    const other = await enter(fixture.authorize());
    isDown = true;
    await peer.request('MKDIR', { path: 'received/d' });
    await peer.request('MKDIR', { path: 'received/e' });
    expect(await peer.ending()).toBe('cut off');
    await fixture.untilConnections(1);
    isDown = false;
    expect(await other.call('LIST', { path: 'received' })).toMatchObject({
      result: { entries: [] },
    });
    expect(fixture.logged('connection failed')).toMatchObject([{ level: 'error' }]);
  });
});
