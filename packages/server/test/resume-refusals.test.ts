import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Fixture, settings } from './support/fixture.js';
import type { Peer } from './support/peer.js';
import {
  content,
  expectEmptyTree,
  path,
  ResumingClient,
  sha256,
} from './support/resuming-client.js';

const fileSize = 4_500_000;
const nobodys = new Uint8Array(16);

describe.each(settings)('resuming over $way with files $files is refused', (setting) => {
  let fixture: Fixture;
  let client: ResumingClient;
  let peer: Peer;

  beforeEach(async () => {
    fixture = await Fixture.start({ ...setting, limits: { fileSize } });
    client = new ResumingClient(fixture, fixture.authorize());
    peer = await client.connect();
  });
  afterEach(async () => {
    await fixture.close();
  });

  test.each([
    ['offset without an upload', { path, offset: 5 }, 400],
    ['an offset of 0 without an upload', { path, offset: 0 }, 400],
    ['an offset below 0', { path, upload: nobodys, offset: -1 }, 400],
    ['a short upload', { path, upload: new Uint8Array(15) }, 400],
    ['a long upload', { path, upload: new Uint8Array(17) }, 400],
    ['a text for an upload', { path, upload: 'x'.repeat(16) }, 400],
    ['an upload that is not there', { path, upload: nobodys, offset: 1 }, 404],
    ['a size beyond what is allowed', { path, upload: nobodys, size: fileSize + 1 }, 413],
    ['an offset beyond that', { path, upload: nobodys, offset: fileSize + 1 }, 413],
  ])('with %s', async (_what, args, status) => {
    await peer.request('SEND', args, true);
    expect(await peer.answer()).toMatchObject({ status });
    await peer.end({ ok: false, text: '' });
    await expectEmptyTree(peer);
    expect(await peer.call('RESUME', { upload: nobodys })).toMatchObject({ status: 404 });
  });

  test.each([
    ['nothing', {}],
    ['a short upload', { upload: new Uint8Array(15) }],
    ['a text', { upload: 'x'.repeat(16) }],
    ['a number for a choice', { upload: nobodys, digest: 1 }],
    ['a path', { upload: nobodys, path }],
  ])('to who asks with %s', async (_what, args) => {
    expect(await peer.call('RESUME', args)).toMatchObject({ status: 400 });
  });

  test('to who sends a body with the question', async () => {
    await peer.request('RESUME', { upload: nobodys }, true);
    await peer.end({ ok: true, size: 0 });
    expect(await peer.answer()).toMatchObject({ status: 400 });
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
  });

  test('elsewhere, at another size, and behind what is there', async () => {
    await client.sendAndBreakOff(peer, content.subarray(0, 50), { size: 100 });
    const found = await client.resumePoint(peer, { digest: true });
    await client.expectRefusal(peer, { path: 'received/g', size: 100 }, 409);
    await client.expectRefusal(peer, { size: 101 }, 409);
    await client.expectRefusal(peer, {}, 409);
    await client.expectRefusal(peer, { size: 100, offset: found.offset + 1 }, 416);
    expect(await client.resumePoint(peer, { digest: true })).toEqual(found);
  });

  test('to somebody else', async () => {
    const { upload } = client;
    await client.sendAndBreakOff(peer, content);
    const before = await client.resumePoint(peer);
    const stranger = new ResumingClient(fixture, fixture.authorize(), upload);
    const theirs = await stranger.connect();
    expect(await theirs.call('RESUME', { upload })).toEqual({
      status: 404,
      text: 'Not found',
      result: null,
    });
    await stranger.expectRefusal(theirs, { offset: 1 }, 404);
    expect(await theirs.send('received/g', 'mine', { upload })).toMatchObject({ status: 226 });
    expect(await client.resumePoint(peer)).toEqual(before);
    await client.finish(peer);
  });

  test('to who may only read, and to nobody who may only send', async () => {
    const writer = new ResumingClient(fixture, fixture.authorize('wo'));
    const on = await writer.connect();
    await writer.sendAndBreakOff(on, Buffer.from('con'));
    const { offset } = await writer.resumePoint(on, { digest: true });
    await writer.begin(on, { offset });
    await on.data(Buffer.from('content').subarray(offset));
    await on.end({ ok: true, size: 7 - offset });
    expect(await on.answer()).toMatchObject({ status: 226 });
    expect((await writer.resumePoint(on)).done).toMatchObject({ size: 7 });
    const reader = await fixture.connect('ro');
    expect(await reader.call('RESUME', { upload: writer.upload })).toMatchObject({ status: 403 });
    expect(await reader.get(path)).toBe('content');
  });

  async function expectNothingKept(): Promise<void> {
    expect(await peer.call('RESUME', { upload: client.upload })).toMatchObject({ status: 404 });
    await expectEmptyTree(peer);
  }

  test.each([
    ['another digest', () => sha256(Buffer.from('other'))],
    ['the digest of the last body alone', sha256],
  ])('with %s at the end, and nothing is kept', async (_what, digestOf) => {
    const size = content.length;
    await client.sendAndBreakOff(peer, content, { size });
    const { offset } = await client.resumePoint(peer);
    const rest = content.subarray(offset);
    await client.begin(peer, { size, offset });
    await client.sendData(peer, rest);
    await peer.end({ ok: true, size: rest.length, sha256: digestOf(rest) });
    const text = 'The file has another SHA-256 than the client says';
    expect(await peer.answer()).toEqual({ status: 400, text, result: null });
    await expectNothingKept();
  });

  test.each([-1, 1])('with %d bytes more than it announced, and nothing is kept', async (more) => {
    await client.sendAndBreakOff(peer, content.subarray(0, 60), { size: 100 });
    const { offset } = await client.resumePoint(peer);
    const rest = content.subarray(offset, 100 + more);
    await client.begin(peer, { size: 100, offset });
    await peer.data(rest);
    await peer.end({ ok: true, size: rest.length });
    const text = 'The file has another size than the client says';
    expect(await peer.answer()).toEqual({ status: 400, text, result: null });
    await expectNothingKept();
  });

  test('with more than a file may have, however many bodies bring it', async () => {
    await client.sendAndBreakOff(peer, content);
    const { offset } = await client.resumePoint(peer);
    await client.begin(peer, { offset });
    await client.sendData(peer, Buffer.alloc(fileSize + 1 - offset));
    expect(await peer.answer()).toMatchObject({ status: 413 });
    await peer.end({ ok: false, text: '' });
    await expectNothingKept();
  });

  test('with the size of the whole for that of the body, which can be mended', async () => {
    await client.sendAndBreakOff(peer, content);
    const { offset } = await client.resumePoint(peer);
    await client.begin(peer, { offset });
    await client.sendData(peer, content.subarray(offset));
    await peer.end({ ok: true, size: content.length });
    expect(await peer.answer()).toMatchObject({ status: 400 });
    await expectEmptyTree(peer);
    await client.finish(peer);
  });
});
