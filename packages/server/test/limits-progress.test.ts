import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { Fixture } from './support/fixture.js';
import type { Peer } from './support/peer.js';

/** Far longer than a pause of a slow client, far shorter than a slow transfer. */
const progressTimeout = 400;
const pause = 40;

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

/** Takes a body slowly, in whatever pieces the network gives it. */
async function readSlowly(peer: Peer, until: number): Promise<number> {
  let size = 0;
  for (let event = await peer.next(); event; event = await peer.next()) {
    if (event.type === 'data') size += event.bytes.length;
    if (event.type === 'end') {
      expect(event.end).toEqual({ ok: true, size });
      return size;
    }
    if (performance.now() < until) await delay(pause);
  }
  throw new Error('the download was cut off');
}

describe.each(['TCP', 'memory'] as const)('while bytes move over %s', (way) => {
  test('a slow transfer goes on, beside others that stand still and are ended', async () => {
    fixture = await Fixture.start({ way, limits: { progressTimeout } });
    const owner = await fixture.connect();
    const size = 16_000_000;
    await owner.send('received/big', Buffer.alloc(size, 'b'));

    const slowUpload = await fixture.connect();
    const slowDownload = await fixture.connect();
    const stuckUpload = await fixture.connect();
    const stuckDownload = await fixture.connect();
    const start = performance.now();
    await stuckUpload.request('SEND', { path: 'received/stuck' }, true);
    await stuckUpload.data(Buffer.alloc(1000));
    // More than the network takes on the way.
    for (let index = 0; index < 16; index++) {
      await stuckDownload.request('GET', { path: 'received/big' });
    }
    await slowDownload.request('GET', { path: 'received/big' });
    const until = start + 4 * progressTimeout;
    const download = readSlowly(slowDownload, until);

    await slowUpload.request('SEND', { path: 'received/slow' }, true);
    let sent = 0;
    for (; performance.now() < until; sent += 1) {
      // Byte by byte: a record that is not complete is progress, too.
      const [header, ...rest] = slowUpload.session.data([Uint8Array.of(sent % 256)]);
      await slowUpload.transport.write([header!]);
      await delay(pause);
      await slowUpload.transport.write(rest);
      await delay(pause);
    }
    await slowUpload.end({ ok: true, size: sent });
    expect(await slowUpload.answer()).toMatchObject({ status: 226, result: { size: sent } });
    expect(await download).toBe(size);

    expect(await stuckUpload.ending()).toBe('cut off');
    await fixture.untilConnections(3);
    stuckDownload.transport.destroy();
    expect(await owner.get('received/stuck')).toBe(404);
    expect(await owner.call('STAT', { path: 'received/slow' })).toMatchObject({
      result: { size: sent },
    });
  });

  test('a server that is slow to begin an answer is not the client’s fault', async () => {
    fixture = await Fixture.start({ way, files: 'on disk', limits: { progressTimeout: 50 } });
    const peer = await fixture.connect();
    await peer.send('received/f', 'F');
    await delay(150);
    expect(await peer.get('received/f')).toBe('F');
  });
});
