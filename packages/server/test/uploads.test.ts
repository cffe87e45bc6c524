import { createHash } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { CborMap } from '@e2eeftp/protocol';

import { Fixture, settings } from './support/fixture.js';
import type { Peer } from './support/peer.js';

const content = Buffer.alloc(2_500_000, 'a file of some size, ');
const sha256 = createHash('sha256').update(content).digest();

describe.each(settings)('uploads over $way with files $files', (setting) => {
  let fixture: Fixture;
  let peer: Peer;

  beforeEach(async () => {
    fixture = await Fixture.start({ ...setting, limits: { fileSize: 4_000_000 } });
    peer = await fixture.connect();
    await peer.send('received/f', 'old');
  });
  afterEach(async () => {
    await fixture.close();
  });

  async function expectOld(): Promise<void> {
    const observer = await fixture.connect();
    expect(await observer.get('received/f')).toBe('old');
    const { result } = await observer.call('LIST', { path: '', recursive: true });
    const { entries } = result as { entries: { path: string }[] };
    expect(entries.map(({ path }) => path)).toEqual(['received', 'received/f', 'vaults']);
  }

  async function begin(args: CborMap = {}): Promise<void> {
    await peer.request('SEND', { path: 'received/f', ...args }, true);
  }

  async function sendAll(): Promise<void> {
    for (let start = 0; start < content.length; start += 500_000) {
      await peer.data(content.subarray(start, start + 500_000));
    }
  }

  test('the digest that the client gives is compared with what is stored', async () => {
    await begin({ size: content.length });
    await sendAll();
    await peer.end({ ok: true, size: content.length, sha256 });
    const { status, result } = await peer.answer();
    expect(status).toBe(226);
    expect(Buffer.from((result as { sha256: Uint8Array }).sha256)).toEqual(sha256);
    expect(await peer.get('received/f')).toBe(content.toString());
  });

  test('without a digest, the answer has none', async () => {
    const { result } = await peer.send('received/f', content);
    expect(result).not.toHaveProperty('sha256');
  });

  test('a wrong digest is refused, and nothing is stored', async () => {
    await begin();
    await sendAll();
    await peer.end({ ok: true, size: content.length, sha256: sha256.map((byte) => byte ^ 1) });
    expect(await peer.answer()).toEqual({
      status: 400,
      text: 'The file has another SHA-256 than the client says',
      result: null,
    });
    await expectOld();
  });

  test.each([-1, 1, 1_000_000])('an end that says %d bytes more is refused', async (more) => {
    await begin();
    await sendAll();
    await peer.end({ ok: true, size: content.length + more });
    expect(await peer.answer()).toMatchObject({ status: 400 });
    await expectOld();
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
  });

  test.each([-1, 1, 1_000_000])('a request that says %d bytes more is refused', async (more) => {
    await begin({ size: content.length + more });
    await sendAll();
    await peer.end({ ok: true, size: content.length });
    const { status, text } = await peer.answer();
    expect({ status, text }).toEqual({
      status: 400,
      text: 'The file has another size than the client says',
    });
    await expectOld();
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
  });

  test('more than a file may have is refused, said beforehand or not', async () => {
    expect(await peer.send('received/f', 'x', { size: 4_000_001 })).toMatchObject({ status: 413 });
    await begin();
    for (let index = 0; index < 5; index++) await peer.data(Buffer.alloc(1_000_000));
    expect(await peer.answer()).toEqual({ status: 413, text: 'Too large', result: null });
    await peer.end({ ok: false, text: '' });
    await expectOld();
    expect(await peer.send('received/g', Buffer.alloc(4_000_000))).toMatchObject({ status: 226 });
  });

  test('a refusal comes before the body has ended, and the connection stays usable', async () => {
    await peer.request('SEND', { path: 'elsewhere/f', size: 100_000_000 }, true);
    await peer.data(content.subarray(0, 1000));
    expect(await peer.answer()).toMatchObject({ status: 413 });
    await peer.data(content.subarray(0, 1000));
    await peer.end({ ok: false, text: 'The server does not want it' });
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
    expect(await peer.send('received/f', 'new')).toMatchObject({ status: 226 });
    expect(await peer.get('received/f')).toBe('new');
  });

  test('a client may send on after a refusal; it is thrown away', async () => {
    await peer.request('SEND', { path: 'elsewhere/f' }, true);
    await sendAll();
    await peer.end({ ok: true, size: content.length });
    expect(await peer.answer()).toMatchObject({ status: 403 });
    await expectOld();
  });

  test('a body that the client gives up leaves nothing behind', async () => {
    await begin();
    await sendAll();
    await peer.end({ ok: false, text: 'The disk failed \u001B[2J' });
    expect(await peer.answer()).toEqual({ status: 400, text: 'Malformed request', result: null });
    await expectOld();
    expect(await peer.send('received/f', 'new')).toMatchObject({ status: 226 });
  });

  test('a body in single bytes and empty records arrives whole', async () => {
    await begin();
    for (let index = 0; index < 300; index++) {
      await peer.data(Buffer.from([index % 256]));
      if (index % 10 === 0) await peer.data();
    }
    await peer.end({ ok: true, size: 300 });
    expect(await peer.answer()).toMatchObject({ status: 226, result: { size: 300 } });
  });

  const stages: readonly (readonly [string, () => Promise<void>])[] = [
    ['behind the request', async () => begin()],
    [
      'behind some data',
      async () => {
        await begin();
        await peer.data(content.subarray(0, 100_000));
      },
    ],
    [
      'before the end',
      async () => {
        await begin({ size: content.length });
        await sendAll();
      },
    ],
    [
      'within a record',
      async () => {
        await begin();
        const parts = peer.session.data([content.subarray(0, 100_000)]);
        const bytes = Buffer.concat(parts);
        await peer.transport.write([bytes.subarray(0, bytes.length - 1)]);
      },
    ],
    [
      'within the end',
      async () => {
        await begin();
        await peer.data(content);
        const bytes = Buffer.concat(peer.session.end({ ok: true, size: content.length }));
        await peer.transport.write([bytes.subarray(0, bytes.length - 1)]);
      },
    ],
  ];

  test.each(stages)('who hangs up %s stores nothing', async (_where, advance) => {
    await advance().catch(() => undefined);
    await peer.transport.end();
    expect(await peer.ending()).toBe('cut off');
    await expectOld();
  });

  test.each(stages)('who breaks the connection %s stores nothing', async (_where, advance) => {
    await advance().catch(() => undefined);
    peer.transport.destroy();
    await fixture.untilConnections(0);
    await expectOld();
  });

  test('who closes in the middle of a body stores nothing and is let go', async () => {
    await begin();
    await peer.data(content.subarray(0, 100_000));
    await peer.transport.write(peer.session.close());
    expect(await peer.answer()).toMatchObject({ status: 400 });
    expect(await peer.ending()).toEqual({ status: 200, text: 'OK' });
    peer.transport.destroy();
    await fixture.untilConnections(0);
    await expectOld();
  });

  test('who leaves before the answer may have stored the file whole, or not at all', async () => {
    await peer.offer('received/f', content);
    peer.transport.destroy();
    await fixture.untilConnections(0);
    const observer = await fixture.connect();
    expect(['old', content.toString()]).toContain(await observer.get('received/f'));
  });
});
