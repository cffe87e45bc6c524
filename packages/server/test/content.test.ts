import { describe, expect, test } from '@jest/globals';

import type { CborMap } from '@e2eeftp/protocol';

import { settings, type Fixture } from './support/fixture.js';
import type { Answer, Peer } from './support/peer.js';
import { serveEach } from './support/serve-each.js';

const longest = 32_768;
const path = 'received/f';

describe.each(settings)('small files in messages over $way with files $files', (setting) => {
  let fixture: Fixture;
  let peer: Peer;
  serveEach(setting, (served) => {
    ({ fixture, peer } = served);
  });

  function send(content: Uint8Array, more: CborMap = {}): Promise<Answer> {
    return peer.call('SEND', { path, content, ...more });
  }

  test('a server says how much it takes', () => {
    expect(peer.welcome?.limits.content).toBe(longest);
  });

  test.each([0, 1, 4096, longest])('%i bytes are stored and read', async (size) => {
    const content = Buffer.alloc(size, 'content');
    const facts = { mtime: 1_700_000_000_000, mode: 0o640 };
    const stored = { size, ...facts };
    expect(await send(content, facts)).toMatchObject({ status: 226, result: stored });
    const { status, result, body } = await peer.call('GET', { path, content: longest });
    expect(status).toBe(200);
    expect(result).toMatchObject({ ...stored, offset: 0, length: size });
    expect(Buffer.from((result as { content: Uint8Array }).content).equals(content)).toBe(true);
    expect(body).toBeUndefined();
    expect((await peer.call('GET', { path })).body?.bytes.equals(content)).toBe(true);
  });

  test('what replaces a file follows the same rules as a body', async () => {
    const first = await send(Buffer.from('one'), { overwrite: 'never' });
    expect(first.status).toBe(226);
    expect((await send(Buffer.from('two'), { overwrite: 'never' })).status).toBe(409);
    const { etag } = first.result as { etag: string };
    expect((await send(Buffer.from('three'), { overwrite: etag })).status).toBe(226);
    expect((await send(Buffer.from('four'), { overwrite: etag })).status).toBe(409);
    expect(await peer.get(path)).toBe('three');
  });

  test.each<[string, CborMap, boolean]>([
    ['a body besides', { content: Buffer.from('x') }, true],
    ['a size besides', { content: Buffer.from('x'), size: 1 }, false],
    ['an upload besides', { content: Buffer.from('x'), upload: Buffer.alloc(16) }, false],
    ['an offset besides', { content: Buffer.from('x'), offset: 0 }, false],
    ['one byte too many', { content: Buffer.alloc(longest + 1) }, false],
    ['text', { content: 'x' }, false],
    ['neither content nor a body', {}, false],
  ])('%s is refused, and nothing is stored', async (_what, args, hasBody) => {
    await peer.request('SEND', { path, ...args }, hasBody);
    if (hasBody) {
      await peer.data(Buffer.from('y'));
      await peer.end({ ok: true, size: 1 });
    }
    expect((await peer.answer()).status).toBe(400);
    expect(await peer.get(path)).toBe(404);
  });

  test('only what is asked for, and is small, is in the answer', async () => {
    const content = Buffer.from(Array.from({ length: longest + 1 }, (_, index) => index % 251));
    await peer.send(path, content);
    const get = (args: CborMap): Promise<Answer> => peer.call('GET', { path, ...args });
    for (const asked of [longest, longest + 1, 2 ** 50]) {
      const { result, body } = await get({ content: asked });
      expect(result).not.toHaveProperty('content');
      expect(body?.bytes.equals(content)).toBe(true);
    }
    for (const { offset, length, asked } of [
      { offset: 1, length: longest, asked: longest },
      { offset: 7, length: 100, asked: 100 },
      { offset: longest + 1, length: 0, asked: 0 },
    ]) {
      const { status, result, body } = await get({ offset, length, content: asked });
      const part = content.subarray(offset, offset + length);
      expect(status).toBe(206);
      expect(result).toMatchObject({ offset, length });
      expect(Buffer.from((result as { content: Uint8Array }).content).equals(part)).toBe(true);
      expect(body).toBeUndefined();
    }
    expect((await get({ length: 100, content: 99 })).body?.bytes.length).toBe(100);
    expect((await get({ offset: longest + 2, content: longest })).status).toBe(416);
  });

  test('the log says how many bytes there were', async () => {
    await send(Buffer.alloc(300));
    await peer.call('GET', { path, content: longest });
    const counts = fixture
      .logged('command')
      .map(({ fields }) => [fields['command'], fields['received'], fields['sent']]);
    expect(counts).toEqual([
      ['SEND', 300, 0],
      ['GET', 0, 300],
    ]);
  });
});
