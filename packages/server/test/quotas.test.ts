import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type { Identity } from '@e2eeftp/crypto';
import { parsePath } from '@e2eeftp/protocol';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Fixture, settings } from './support/fixture.js';
import { Peer } from './support/peer.js';

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

const full = { status: 507, text: 'Out of space', result: null };
const stored = { status: 226 };

function authorizeWith(quota: number, home?: string): Identity {
  const identity = fixture.authorize('rw', 'alice');
  fixture.regrant(identity, { quota, ...(home !== undefined && { home: parsePath(home) }) });
  return identity;
}

async function enter(identity: Identity): Promise<Peer> {
  return Peer.connect(await fixture.open(), identity);
}

async function usedBy(peer: Peer): Promise<unknown> {
  const { result } = await peer.call('WHOAMI');
  return (result as { used: unknown }).used;
}

async function pathsIn(peer: Peer): Promise<string[]> {
  const { result } = await peer.call('LIST', { path: 'received', recursive: true });
  return (result as { entries: { path: string }[] }).entries.map((entry) => entry.path);
}

describe.each(settings)('quotas over $way with files $files', (setting) => {
  beforeEach(async () => {
    fixture = await Fixture.start(setting);
  });

  test('refuse early what is announced as too large, and the connection goes on', async () => {
    const alice = await enter(authorizeWith(1000));
    await alice.request('SEND', { path: 'received/f', size: 1001 }, true);
    expect(await alice.answer()).toMatchObject(full);
    await alice.end({ ok: false, text: '' });
    expect(await alice.send('received/f', Buffer.alloc(600), { size: 600 })).toMatchObject(stored);
    await alice.request('SEND', { path: 'received/g', size: 401 }, true);
    expect(await alice.answer()).toMatchObject(full);
    await alice.end({ ok: false, text: '' });
    expect(await alice.send('received/g', Buffer.alloc(400), { size: 400 })).toMatchObject(stored);
    expect(await alice.call('WHOAMI')).toMatchObject({
      result: { name: 'alice', quota: 1000, used: 1000 },
    });
  });

  test('cut off what grows too large, and leave nothing of it', async () => {
    const alice = await enter(authorizeWith(1_000_000, 'received/alice'));
    await alice.request('SEND', { path: 'received/f' }, true);
    for (let part = 0; part < 4; part++) await alice.data(Buffer.alloc(300_000));
    expect(await alice.answer()).toMatchObject(full);
    await alice.end({ ok: false, text: '' });
    expect(await pathsIn(alice)).toEqual([]);
    expect(await usedBy(alice)).toBe(0);
    expect(await alice.send('received/f', Buffer.alloc(1_000_000))).toMatchObject(stored);
  });

  test('count unfinished uploads, and free what is dropped, replaced, deleted or moved', async () => {
    const alice = await enter(authorizeWith(1000, 'received/alice'));
    const owner = await fixture.connect();
    const upload = Buffer.alloc(16, 1);
    await alice.request('SEND', { path: 'received/f', size: 800, upload }, true);
    await alice.data(Buffer.alloc(500));
    await alice.end({ ok: false, text: '' });
    expect((await alice.answer()).status).toBe(400);
    const { result } = await alice.call('RESUME', { upload });
    const { offset } = result as { offset: number };
    expect(await usedBy(alice)).toBe(offset);
    expect(await alice.send('received/g', Buffer.alloc(1001 - offset))).toMatchObject(full);
    const rest = Buffer.alloc(800 - offset);
    await alice.request('SEND', { path: 'received/f', size: 800, upload, offset }, true);
    await alice.data(rest);
    await alice.end({ ok: true, size: rest.length });
    expect(await alice.answer()).toMatchObject(stored);
    expect(await usedBy(alice)).toBe(800);
    expect(await alice.send('received/f', Buffer.alloc(1000))).toMatchObject(stored);
    expect(await alice.send('received/f', Buffer.alloc(300))).toMatchObject(stored);
    expect(await alice.send('received/d/g', Buffer.alloc(700))).toMatchObject(stored);
    expect(await alice.send('received/h', 'x')).toMatchObject(full);
    await alice.call('DELETE', { path: 'received/d', recursive: true });
    expect(await alice.send('received/h', Buffer.alloc(700))).toMatchObject(stored);
    await owner.call('RENAME', { from: 'received/alice/h', to: 'received/h' });
    expect(await usedBy(alice)).toBe(300);
    await alice.call('DELETE', { path: 'received/f' });
    expect(await usedBy(alice)).toBe(0);
    // Who has none is not told of any.
    expect(await owner.call('WHOAMI')).toMatchObject({ result: { quota: null, used: null } });
    expect(await owner.send('received/alice/big', Buffer.alloc(5000))).toMatchObject(stored);
  });

  test('hold over many connections, and for all who share a home', async () => {
    const identities = [
      authorizeWith(100_000, 'received/shared'),
      authorizeWith(100_000, 'received/shared'),
    ];
    const peers = await Promise.all(
      identities.flatMap((identity) => Array.from({ length: 4 }, () => enter(identity))),
    );
    const send = async (peer: Peer, index: number): Promise<number[]> => {
      const statuses: number[] = [];
      const args = index % 2 === 0 ? { size: 7000 } : {};
      for (let round = 0; round < 6; round++) {
        const path = `received/${index}-${round}`;
        const answer = await peer.send(path, Buffer.alloc(7000), args);
        statuses.push(answer.status);
      }
      return statuses;
    };
    const statuses = (await Promise.all(peers.map(send))).flat();
    expect(new Set(statuses)).toEqual(new Set([226, 507]));
    const count = statuses.filter((status) => status === 226).length;
    expect(count).toBeLessThanOrEqual(14);
    for (const peer of peers) expect(await usedBy(peer)).toBe(count * 7000);
    const [peer] = peers;
    if (peer) expect(await pathsIn(peer)).toHaveLength(count);
  });

  test('change under clients that are connected', async () => {
    const identity = authorizeWith(100);
    const alice = await enter(identity);
    expect(await alice.send('received/f', Buffer.alloc(101))).toMatchObject(full);
    const change = async (quota: number | undefined, shown: number | null): Promise<void> => {
      fixture.regrant(identity, { quota });
      for (;;) {
        const { result } = await alice.call('WHOAMI');
        if ((result as { quota: unknown }).quota === shown) break;
        await setImmediate();
      }
    };
    await change(200, 200);
    expect(await alice.send('received/f', Buffer.alloc(101))).toMatchObject(stored);
    await change(50, 50);
    expect(await alice.send('received/g', 'x')).toMatchObject(full);
    expect(await alice.send('received/f', Buffer.alloc(60))).toMatchObject(stored);
    expect(await alice.send('received/empty', '')).toMatchObject(stored);
    await change(undefined, null);
    expect(await alice.send('received/g', Buffer.alloc(1000))).toMatchObject(stored);
    await change(0, 0);
    expect(await alice.send('received/h', 'x')).toMatchObject(full);
  });
});

describe.each(['on disk', 'in memory'] as const)('quotas by the first generation, %s', (files) => {
  test('answer that there is no space, and store nothing', async () => {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
    const identity = authorizeWith(100_000, 'received/alice');
    const old = fixture.original(identity);
    expect(await old.send('f', Buffer.alloc(100_001))).toBe('507|Out of space');
    expect(await old.send('f', Buffer.alloc(5_000_000))).toBe('507|Out of space');
    expect(await old.send('f', Buffer.alloc(60_000))).toBe('226|Transfer Complete');
    expect(await old.send('g', Buffer.alloc(40_001))).toBe('507|Out of space');
    expect(await old.send('f', Buffer.alloc(100_000))).toBe('226|Transfer Complete');
    const outcomes = await Promise.all(
      ['f', 'g', 'h'].map((name) => fixture.original(identity).send(name, Buffer.alloc(30_000))),
    );
    expect(outcomes.filter((line) => line === '507|Out of space').length).toBeLessThan(3);
    const alice = await enter(identity);
    expect(Number(await usedBy(alice))).toBeLessThanOrEqual(100_000);
  });
});

test('what is changed by hand counts, before anybody is refused', async () => {
  fixture = await Fixture.start({ way: 'TCP', files: 'on disk' });
  const alice = await enter(authorizeWith(1000, 'received/alice'));
  const folder = join(fixture.directory ?? '', 'received/alice');
  expect(await alice.send('received/f', Buffer.alloc(900))).toMatchObject(stored);
  for (let round = 0; round < 5; round++) {
    expect(await alice.send('received/g', Buffer.alloc(900))).toMatchObject(full);
    await rm(join(folder, 'f'));
    expect(await alice.send('received/g', Buffer.alloc(900))).toMatchObject(stored);
    await alice.call('RENAME', { from: 'received/g', to: 'received/f' });
  }
  await mkdir(join(folder, 'd/e'), { recursive: true });
  await writeFile(join(folder, 'd/e/f'), Buffer.alloc(100));
  // It is found when the next one does not fit, and is in force from then on.
  expect(await alice.send('received/h', Buffer.alloc(101))).toMatchObject(full);
  expect(await alice.send('received/h', 'x')).toMatchObject(full);
  expect(await usedBy(alice)).toBe(1000);
});
