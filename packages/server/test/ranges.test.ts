import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { CborMap } from '@e2eeftp/protocol';

import { settings, type Fixture } from './support/fixture.js';
import type { Answer, Peer } from './support/peer.js';
import { content, serveFileEach } from './support/serve-each.js';

const size = content.length;

describe.each(settings)('parts of a file over $way with files $files', (setting) => {
  let fixture: Fixture;
  let peer: Peer;
  let etag: string;
  serveFileEach(setting, (served) => {
    ({ fixture, peer, etag } = served);
  });

  function get(args: CborMap): Promise<Answer> {
    return peer.call('GET', { path: 'received/f', ...args });
  }

  async function expectPart(args: CborMap, offset: number, length: number): Promise<void> {
    const { status, result, body } = await get(args);
    expect(status).toBe(length === size ? 200 : 206);
    expect(result).toMatchObject({ size, offset, length, etag });
    expect(body?.end).toEqual({ ok: true, size: length });
    expect(body?.bytes.equals(content.subarray(offset, offset + length))).toBe(true);
  }

  test.each([
    [{ offset: 0 }, 0, size],
    [{ offset: 0, length: size }, 0, size],
    [{ length: size + 1 }, 0, size],
    [{ length: Number.MAX_SAFE_INTEGER }, 0, size],
    [{ length: 0 }, 0, 0],
    [{ length: 1 }, 0, 1],
    [{ length: size - 1 }, 0, size - 1],
    [{ offset: 1 }, 1, size - 1],
    [{ offset: size - 1 }, size - 1, 1],
    [{ offset: size - 1, length: 2 }, size - 1, 1],
    [{ offset: size }, size, 0],
    [{ offset: size, length: 5 }, size, 0],
    [{ offset: 262_144, length: 262_144 }, 262_144, 262_144],
    [{ offset: 262_143, length: 1_048_577 }, 262_143, 1_048_577],
  ])('%j', async (args, offset, length) => {
    await expectPart(args, offset, length);
  });

  test('any part is what it should be', async () => {
    const part = fc.tuple(fc.nat({ max: size }), fc.nat({ max: size }));
    await fc.assert(
      fc.asyncProperty(part, async ([offset, length]) => {
        await expectPart({ offset, length }, offset, Math.min(length, size - offset));
      }),
      { numRuns: 20 },
    );
  });

  test.each([size + 1, size + 1_000_000, Number.MAX_SAFE_INTEGER])(
    'an offset of %d is behind the end',
    async (offset) => {
      const refusal = { status: 416, text: 'Range not satisfiable', result: null };
      expect(await get({ offset })).toEqual(refusal);
      expect(await get({ offset, length: 0 })).toEqual(refusal);
    },
  );

  test('the etag must be that of the file', async () => {
    await expectPart({ etag, offset: 7 }, 7, size - 7);
    const conflict = { status: 409, text: 'Conflict', result: null };
    expect(await get({ etag: `${etag}x` })).toEqual(conflict);
    expect(await get({ etag: 'always', offset: size + 1 })).toEqual(conflict);
    await peer.send('received/f', content);
    expect(await get({ etag })).toEqual(conflict);
  });

  test('an empty file has one part', async () => {
    await peer.send('received/empty', '');
    const empty = { status: 200, body: { end: { ok: true, size: 0 } } };
    expect(await peer.call('GET', { path: 'received/empty' })).toMatchObject(empty);
    expect(await peer.call('GET', { path: 'received/empty', offset: 0 })).toMatchObject(empty);
    expect(await peer.call('GET', { path: 'received/empty', offset: 1 })).toMatchObject({
      status: 416,
    });
  });

  test('who reads goes on with the version that it began to read', async () => {
    await peer.request('GET', { path: 'received/f' });
    const response = await peer.response();
    const other = await fixture.connect();
    await other.send('received/f', 'shorter');
    await other.call('DELETE', { path: 'received/f' });
    const { body } = await peer.answerOf(response);
    expect(body?.bytes.equals(content)).toBe(true);
  });
});
