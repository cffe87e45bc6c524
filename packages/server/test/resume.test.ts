import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Fixture, settings } from './support/fixture.js';
import type { Answer, Peer } from './support/peer.js';
import {
  content,
  expectEmptyTree,
  path,
  ResumingClient,
  sha256,
} from './support/resuming-client.js';

const mebibyte = 1024 * 1024;

describe.each(settings)('resuming over $way with files $files', (setting) => {
  let fixture: Fixture;
  let client: ResumingClient;
  let peer: Peer;

  beforeEach(async () => {
    fixture = await Fixture.start(setting);
    client = new ResumingClient(fixture, fixture.authorize());
    peer = await client.connect();
  });
  afterEach(async () => {
    await fixture.close();
  });

  test('after the client has given the body up', async () => {
    expect(peer.welcome?.commands).toContain('RESUME');
    await client.sendAndBreakOff(peer, content);
    await expectEmptyTree(peer);
    // At most what nobody had taken yet is lost.
    expect((await client.resumePoint(peer)).offset).toBeGreaterThan(content.length - 2 * mebibyte);
    await client.finish(peer);
  });

  test('after the stream has ended in the middle', async () => {
    await client.begin(peer, { size: content.length });
    await client.sendData(peer, content.subarray(0, 3_000_000));
    await peer.transport.end();
    expect(await peer.ending()).toBe('cut off');
    const other = await client.connect();
    await expectEmptyTree(other);
    const { offset } = await client.resumePoint(other);
    expect(offset).toBeGreaterThan(3_000_000 - 2 * mebibyte);
    expect(offset).toBeLessThanOrEqual(3_000_000);
    await client.finish(other, { size: content.length });
  });

  test('after the connection has broken, again and again', async () => {
    const size = content.length;
    await client.sendAndBreakOff(peer, content.subarray(0, 10), { size });
    for (const more of [0, 1, 300_000, 1_200_000, 700_001]) {
      const broken = await client.connect();
      const { offset } = await client.resumePoint(broken);
      await client.begin(broken, { size, offset });
      await client.sendData(broken, content.subarray(offset, offset + more));
      broken.transport.destroy();
      // The server may not have noticed yet: whoever asks does not wait for that.
      const found = await client.resumePoint(peer);
      expect(found.offset).toBeGreaterThanOrEqual(offset);
      expect(found.offset).toBeLessThanOrEqual(offset + more);
    }
    await client.finish(peer, { size });
  });

  test('while the first connection still sends: that one hears 409 and stays usable', async () => {
    await client.begin(peer);
    await client.sendData(peer, content.subarray(0, 1_000_000));
    const other = await client.connect();
    const found = await client.untilFound(other);
    // Bytes of the first that are still on their way are not for this upload any more.
    await peer.data(content.subarray(0, 100_000));
    expect(await peer.answer()).toEqual({ status: 409, text: 'Conflict', result: null });
    await peer.data(content.subarray(0, 100_000));
    await peer.end({ ok: false, text: 'The server does not want it' });
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
    expect(await client.resumePoint(other)).toEqual(found);
    await client.finish(other);
    expect(await peer.get(path)).toBe(content.toString());
  });

  test('by a further SEND while the first connection still sends', async () => {
    await client.begin(peer);
    await client.sendData(peer, content.subarray(0, 500_000));
    const other = await client.connect();
    await client.untilFound(other);
    await client.begin(other, { offset: 0 });
    await client.sendData(other, content);
    await peer.end({ ok: true, size: 500_000 });
    expect(await peer.answer()).toMatchObject({ status: 409 });
    await other.end({ ok: true, size: content.length });
    expect(await other.answer()).toMatchObject({ status: 226 });
    expect(await peer.get(path)).toBe(content.toString());
  });

  test('back and forth between connections', async () => {
    const peers = [peer, await client.connect(), await client.connect()];
    await client.sendAndBreakOff(peer, content.subarray(0, 10));
    for (let turn = 0; turn < 6; turn++) {
      const on = peers[turn % 3] ?? peer;
      const { offset } = await client.resumePoint(on);
      await client.sendAndBreakOff(on, content.subarray(offset, offset + 10_000), { offset });
    }
    await client.finish(peer);
  });

  test('what is told of the bytes is read back, when it is asked for', async () => {
    await client.sendAndBreakOff(peer, content);
    const { offset, ...rest } = await client.resumePoint(peer);
    expect(rest).toEqual({});
    const found = await client.resumePoint(peer, { digest: true });
    expect(found.offset).toBe(offset);
    expect(sha256(content.subarray(0, offset)).equals(found.sha256 ?? Buffer.alloc(0))).toBe(true);
    expect(await client.resumePoint(peer, { digest: false })).toEqual({ offset });
  });

  test('what the answer said is told again, when it was lost', async () => {
    const { upload } = client;
    const { status, result } = await peer.send(path, content, { upload, mtime: 1_600_000_000_123 });
    expect(status).toBe(226);
    const other = await client.connect();
    expect(await client.resumePoint(other, { digest: true })).toEqual({
      offset: content.length,
      done: result,
    });
    const { result: entry } = await other.call('STAT', { path });
    expect(entry).toEqual({ path, type: 'file', ...(result as object) });
    await client.expectRefusal(other, { offset: content.length }, 409);
    expect(await other.get(path)).toBe(content.toString());
  });

  test('whenever the client is gone, its file is stored or the rest can follow', async () => {
    for (let turn = 0; turn < 8; turn++) {
      const next = client.withNewUpload();
      await next.sendAndBreakOff(peer, content.subarray(0, 10));
      const sender = await next.connect();
      await next.begin(sender, { offset: 0 });
      await next.sendData(sender, content);
      await sender.end({ ok: true, size: content.length });
      sender.transport.destroy();
      const { offset, done } = await next.resumePoint(peer);
      if (done) expect({ offset, size: done.size }).toEqual({ offset: done.size, size: 4_000_000 });
      else await next.finish(peer);
      expect(await peer.get(path)).toBe(content.toString());
    }
  });

  test('a refusal to replace a file keeps what has come', async () => {
    const { upload } = client;
    await peer.send(path, 'old');
    const refused = await peer.send(path, content, { upload, overwrite: 'never' });
    expect(refused).toMatchObject({ status: 409 });
    expect(await peer.get(path)).toBe('old');
    const { offset } = await client.resumePoint(peer);
    expect(offset).toBe(content.length);
    const mtime = 1_600_000_000_123;
    const answer = await client.finish(peer, { overwrite: 'always', mtime });
    expect(answer.result).toMatchObject({ mtime });
  });

  test('requests in a row about one upload come one after the other', async () => {
    const { upload } = client;
    await peer.offer(path, content, { upload });
    await peer.request('RESUME', { upload });
    await peer.offer(path, content, { upload });
    await peer.offer('received/g', content, { upload });
    await peer.request('RESUME', { upload });
    const answers: Answer[] = [];
    for (let count = 0; count < 5; count++) answers.push(await peer.answer());
    expect(answers.map(({ status }) => status)).toEqual([226, 200, 409, 409, 200]);
    expect(answers[1]?.result).toEqual({ offset: content.length, done: answers[0]?.result });
    expect(answers[4]?.result).toEqual(answers[1]?.result);
  });

  test('two requests in a row for one upload and two places end, one at most stored', async () => {
    const { upload } = client;
    await peer.offer(path, content, { upload });
    await peer.offer('received/g', content, { upload });
    const [first, second] = [await peer.answer(), await peer.answer()];
    expect([226, 409]).toContain(first.status);
    expect(second.status).toBe(409);
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
    if (first.status === 409) await client.finish(peer);
    expect((await client.resumePoint(peer)).done).toMatchObject({ size: content.length });
    expect(await peer.get('received/g')).toBe(404);
  });

  test('a hundred uploads at once, each broken once', async () => {
    const peers = [peer, await client.connect(), await client.connect(), await client.connect()];
    const send = async (on: Peer, index: number): Promise<void> => {
      const mine = client.withNewUpload();
      const args = { path: `received/many/${index}` };
      const file = content.subarray(index, index + 1000);
      await mine.sendAndBreakOff(on, file.subarray(0, 500), args);
      const { offset } = await mine.resumePoint(on);
      await mine.begin(on, { ...args, offset });
      await on.data(file.subarray(offset));
      await on.end({ ok: true, size: 1000 - offset });
      expect(await on.answer()).toMatchObject({ status: 226, result: { size: 1000 } });
    };
    await Promise.all(
      peers.map(async (on, first) => {
        for (let index = first; index < 100; index += peers.length) await send(on, index);
      }),
    );
    for (let index = 0; index < 100; index++) {
      const expected = content.subarray(index, index + 1000).toString();
      expect(await peer.get(`received/many/${index}`)).toBe(expected);
    }
  });
});

test('a client that falls silent finds its upload again', async () => {
  const fixture = await Fixture.start({ way: 'TCP', limits: { progressTimeout: 100 } });
  try {
    const client = new ResumingClient(fixture, fixture.authorize());
    const silent = await client.connect();
    await client.begin(silent);
    await silent.data(content.subarray(0, 1000));
    await fixture.untilConnections(0);
    expect(await client.resumePoint(await client.connect())).toEqual({ offset: 1000 });
  } finally {
    await fixture.close();
  }
});
