import { hash } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { CborMap } from '@e2eeftp/protocol';

import { Fixture, settings } from './support/fixture.js';
import type { Answer, Peer } from './support/peer.js';

interface Sent {
  readonly path: string;
  readonly content: string;
  readonly more?: CborMap;
}

interface Outcome {
  readonly status: number;
  readonly text?: string;
  readonly file?: { readonly size: number; readonly etag: string };
}

function outcomesOf({ status, result }: Answer): readonly Outcome[] {
  expect(status).toBe(200);
  return (result as unknown as { readonly files: readonly Outcome[] }).files;
}

function statusesOf(answer: Answer): number[] {
  return outcomesOf(answer).map(({ status }) => status);
}

async function offer(peer: Peer, files: readonly Sent[]): Promise<void> {
  const args = files.map(({ path, content, more }) => ({ path, size: content.length, ...more }));
  await peer.request('MSEND', { files: args }, true);
  const body = Buffer.from(files.map(({ content }) => content).join(''));
  await peer.data(body);
  await peer.end({ ok: true, size: body.length });
}

async function send(peer: Peer, files: readonly Sent[]): Promise<Answer> {
  await offer(peer, files);
  return peer.answer();
}

describe.each(settings)('several files in a request over $way with files $files', (setting) => {
  let fixture: Fixture;
  let peer: Peer;

  beforeEach(async () => {
    fixture = await Fixture.start(setting);
    peer = await fixture.connect();
  });
  afterEach(async () => {
    await fixture.close();
  });

  test('all are stored and read, each with what belongs to it', async () => {
    const files = Array.from({ length: 256 }, (_, index) => ({
      path: `received/d${index % 5}/f${index}`,
      content: `${index}`.repeat(index),
      more: { mtime: 1_600_000_000_000 + index, mode: 0o640 },
    }));
    const stored = outcomesOf(await send(peer, files));
    for (const [index, { path, content, more }] of files.entries()) {
      expect(stored[index]).toMatchObject({ status: 226, file: { size: content.length, ...more } });
      const { result } = await peer.call('STAT', { path });
      expect(result).toEqual({ path, type: 'file', ...stored[index]?.file });
    }
    const answer = await peer.call('MGET', { paths: files.map(({ path }) => path) });
    const expected = stored.map(({ file }) => ({ status: 200, file }));
    expect(outcomesOf(answer)).toEqual(expected);
    expect(answer.body?.bytes.toString()).toBe(files.map(({ content }) => content).join(''));
  });

  test('what becomes of one says nothing of the others', async () => {
    await peer.send('received/kept', 'kept');
    const { etag } = (await peer.send('received/old', 'old')).result as { etag: string };
    const answer = await send(peer, [
      { path: 'received/a', content: 'a' },
      { path: 'received/kept', content: 'xx', more: { overwrite: 'never' } },
      { path: 'received', content: 'xx' },
      { path: 'received/old', content: 'new', more: { overwrite: etag } },
      { path: 'received/none', content: 'x', more: { overwrite: etag } },
    ]);
    expect(statusesOf(answer)).toEqual([226, 409, 403, 226, 409]);
    expect(outcomesOf(answer)[1]).toEqual({ status: 409, text: 'Conflict' });
    const paths = ['received/old', 'received/none', 'received/a', 'received/kept', ''];
    const read = await peer.call('MGET', { paths });
    expect(statusesOf(read)).toEqual([200, 404, 200, 200, 404]);
    expect(read.body?.bytes.toString()).toBe('newakept');
  });

  test('what is too large for a batch is left out of it', async () => {
    await peer.send('received/large', 'x'.repeat(65_537));
    await peer.send('received/small', 'small');
    const paths = Array.from({ length: 17 }, (_, index) => `received/f${index}`);
    for (const path of paths) await peer.send(path, path.padEnd(65_536, '.'));
    const some = await peer.call('MGET', { paths: ['received/large', 'received/small'] });
    expect(statusesOf(some)).toEqual([413, 200]);
    expect(some.body?.bytes.toString()).toBe('small');
    const all = await peer.call('MGET', { paths: [...paths, 'received/small'] });
    expect(statusesOf(all)).toEqual([...Array.from({ length: 16 }, () => 200), 413, 413]);
    expect(all.body?.bytes.length).toBe(16 * 65_536);
  });

  const two = [
    { path: 'received/a', size: 3 },
    { path: 'received/b', size: 2 },
  ];
  test.each<[string, CborMap, string | undefined, CborMap]>([
    ['no body', { files: two }, undefined, {}],
    ['a body that is too short', { files: two }, 'abcd', {}],
    ['a body that is too long', { files: two }, 'abcdef', {}],
    ['a body with another digest', { files: two }, 'abcde', { sha256: Buffer.alloc(32) }],
    ['a path twice', { files: [...two, { path: 'received/a', size: 0 }] }, 'abcde', {}],
    ['a path that breaks the rules', { files: [...two, { path: '..', size: 0 }] }, 'abcde', {}],
    ['no files', { files: [] }, '', {}],
    ['what is not known', { files: two, upload: Buffer.alloc(16) }, 'abcde', {}],
  ])('%s is refused, and nothing is stored', async (_what, args, body, end) => {
    await peer.request('MSEND', args, body !== undefined);
    if (body !== undefined) {
      await peer.data(Buffer.from(body));
      await peer.end({ ok: true, size: body.length, ...end });
    }
    expect((await peer.answer()).status).toBe(400);
    expect(await peer.get('received/a')).toBe(404);
  });

  test('more bytes than a batch may have are refused', async () => {
    const files = Array.from({ length: 17 }, (_, index) => ({
      path: `received/f${index}`,
      size: 65_536,
    }));
    await peer.request('MSEND', { files }, true);
    expect((await peer.response()).status).toBe(400);
    await peer.end({ ok: false, text: 'given up' });
    expect((await peer.call('PING')).status).toBe(200);
  });

  test('a body that is given up stores nothing', async () => {
    await peer.request('MSEND', { files: two }, true);
    await peer.data(Buffer.from('abc'));
    await peer.end({ ok: false, text: 'given up' });
    expect((await peer.answer()).status).toBe(400);
    expect(await peer.get('received/a')).toBe(404);
  });

  test('a digest that is right is no hindrance', async () => {
    await peer.request('MSEND', { files: two }, true);
    await peer.data(Buffer.from('abcde'));
    await peer.end({ ok: true, size: 5, sha256: hash('sha256', 'abcde', 'buffer') });
    expect(statusesOf(await peer.answer())).toEqual([226, 226]);
    expect(await peer.get('received/b')).toBe('de');
  });

  test('files of one path take effect in their order, whatever sends them', async () => {
    for (let turn = 0; turn < 30; turn++) {
      await offer(peer, [
        { path: `received/other${turn}`, content: 'x' },
        { path: 'received/same', content: `batch ${turn}` },
      ]);
      await peer.offer('received/same', `alone ${turn}`);
      await offer(peer, [{ path: 'received/same', content: `again ${turn}` }]);
      await peer.request('GET', { path: 'received/same' });
    }
    for (let turn = 0; turn < 30; turn++) {
      expect(statusesOf(await peer.answer())).toEqual([226, 226]);
      expect((await peer.answer()).status).toBe(226);
      expect(statusesOf(await peer.answer())).toEqual([226]);
      expect((await peer.answer()).body?.bytes.toString()).toBe(`again ${turn}`);
    }
  });

  test('the log says which files there were, and how many bytes', async () => {
    await send(peer, [
      { path: 'received/a', content: 'abc' },
      { path: 'received/b\u202E', content: 'de' },
    ]);
    await peer.call('MGET', { paths: ['received/a'] });
    const lines = fixture
      .logged('command')
      .map(({ fields: { command, paths, received, sent } }) => [command, paths, received, sent]);
    expect(lines).toEqual([
      ['MSEND', ['received/a', expect.not.stringContaining('\u202E')], 5, 0],
      ['MGET', ['received/a'], 0, 3],
    ]);
  });
});

test('a server that takes smaller files refuses only the larger ones', async () => {
  const fixture = await Fixture.start({ limits: { fileSize: 3 } });
  const peer = await fixture.connect();
  const files = ['a', 'bcde', 'fgh'].map((content) => ({ path: `received/${content}`, content }));
  expect(statusesOf(await send(peer, files))).toEqual([226, 413, 226]);
  expect(await peer.get('received/bcde')).toBe(404);
  expect(await peer.get('received/fgh')).toBe('fgh');
  await fixture.close();
});

test('who may only send does not learn what there is, nor read it', async () => {
  const fixture = await Fixture.start();
  const peer = await fixture.connect('wo');
  expect(statusesOf(await send(peer, [{ path: 'received/a', content: 'a' }]))).toEqual([226]);
  expect((await peer.call('MGET', { paths: ['received/a'] })).status).toBe(403);
  const reader = await fixture.connect('ro');
  expect((await send(reader, [{ path: 'received/b', content: 'b' }])).status).toBe(403);
  await fixture.close();
});
