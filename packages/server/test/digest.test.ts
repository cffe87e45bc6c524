import { createHash } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { limits, type CborMap } from '@e2eeftp/protocol';

import { Fixture, settings } from './support/fixture.js';
import type { Peer } from './support/peer.js';
import { content, serveFileEach } from './support/serve-each.js';

const size = content.length;

describe.each(settings)('digests of parts over $way with files $files', (setting) => {
  let peer: Peer;
  let etag: string;
  serveFileEach(setting, (served) => {
    ({ peer, etag } = served);
  });

  async function statusOf(args: CborMap): Promise<number> {
    return (await peer.call('DIGEST', { path: 'received/f', ...args })).status;
  }

  test.each([
    [{}, 0, size],
    [{ length: 0 }, 0, 0],
    [{ offset: 1, length: 1_048_577 }, 1, 1_048_577],
    [{ offset: size - 1, length: Number.MAX_SAFE_INTEGER }, size - 1, 1],
    [{ offset: size }, size, 0],
  ])('%j', async (args, offset, length) => {
    const { status, result, body } = await peer.call('DIGEST', {
      path: 'received/f',
      ...args,
      etag,
    });
    const part = content.subarray(offset, offset + length);
    const sha256 = new Uint8Array(createHash('sha256').update(part).digest());
    expect(status).toBe(length === size ? 200 : 206);
    expect(result).toMatchObject({ size, offset, length, etag });
    expect(Buffer.from((result as { sha256: Uint8Array }).sha256)).toEqual(Buffer.from(sha256));
    expect(body).toBeUndefined();
  });

  test('are refused as parts are', async () => {
    expect(await statusOf({ offset: size + 1 })).toBe(416);
    expect(await statusOf({ etag: 'another' })).toBe(409);
    expect(await statusOf({ path: 'received/none' })).toBe(404);
    expect(await statusOf({ path: 'received' })).toBe(404);
    expect(await statusOf({ path: '../f' })).toBe(400);
    expect(await statusOf({ offset: -1 })).toBe(400);
    expect(await statusOf({ digest: true })).toBe(400);
    expect(await statusOf({})).toBe(200);
  });
});

test('one request reads only so much', async () => {
  const fixture = await Fixture.start(settings[0]);
  try {
    const peer = await fixture.connect();
    const chunk = Buffer.alloc(1_048_576, 7);
    const { digest } = limits;
    const upload = await peer.send('received/large', Buffer.alloc(digest + 3, chunk));
    expect(upload.status).toBe(226);
    const first = await peer.call('DIGEST', { path: 'received/large' });
    expect(first).toMatchObject({ status: 206, result: { offset: 0, length: digest } });
    const rest = await peer.call('DIGEST', { path: 'received/large', offset: digest });
    expect(rest).toMatchObject({ status: 206, result: { offset: digest, length: 3 } });
  } finally {
    await fixture.close();
  }
});
