import { randomBytes } from 'node:crypto';

import { afterEach, describe, expect, test } from '@jest/globals';

import { payloadLength, sealPayload } from '@e2eeftp/original-peer';

import { Fixture, settings } from '../support/fixture.js';

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

/** Bytes without a pattern that a block cipher could hide behind. */
const noise = randomBytes(5 * 1024 * 1024);

function contentOf(size: number): Buffer {
  return noise.subarray(0, size);
}

const sizes = [0, 1, 15, 16, 17, 31, 32, 65_535, 65_536, 65_537, 262_144, 5 * 1024 * 1024];

describe.each(['on disk', 'in memory'] as const)('with files %s, v1 clients', (files) => {
  test.each(sizes)('send and get %d bytes', async (size) => {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
    const client = fixture.original();
    const content = contentOf(size);
    expect(await client.send('f', content)).toBe('226|Transfer Complete');
    const { line, content: got } = await client.get('f');
    expect(line).toBe(`200|${payloadLength(size)}`);
    expect(got?.equals(content)).toBe(true);
    const peer = await fixture.connect();
    const { body } = await peer.call('GET', { path: 'received/f' });
    expect(body?.bytes.equals(content)).toBe(true);
  });

  test.each([
    'a',
    'with space.txt',
    ' begins with a blank',
    'grüße aus köln.pdf',
    '日本語.txt',
    '😀',
    'e\u0301 and \u00e9',
    '..hidden',
    '...',
    '-rf',
    '~',
    '$HOME',
    'a;b&c"d\'e',
    'n'.repeat(255),
  ])('name a file %j', async (name) => {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
    const client = fixture.original();
    expect(await client.send(name, Buffer.from('x'))).toBe('226|Transfer Complete');
    expect(await client.list()).toEqual({ line: `200|${Buffer.byteLength(name)}`, body: name });
    expect((await client.get(name)).content?.toString()).toBe('x');
    expect(await client.delete(name)).toBe('200|File deleted');
    expect((await client.list()).line).toBe('200|0');
  });

  test('replace a file whole', async () => {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
    const client = fixture.original();
    for (const size of [100_000, 10, 0, 50_000]) {
      expect(await client.send('f', contentOf(size))).toBe('226|Transfer Complete');
      expect((await client.get('f')).content?.equals(contentOf(size))).toBe(true);
    }
    expect(await client.list()).toEqual({ line: '200|1', body: 'f' });
  });

  test('may be twenty at once', async () => {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const clients = numbers.map(() => fixture.original());
    await Promise.all(
      clients.map(async (client, index) => {
        const content = contentOf(100_000 + index);
        expect(await client.send(`f${index}`, content)).toBe('226|Transfer Complete');
        expect(await client.send('shared', content)).toBe('226|Transfer Complete');
        expect((await client.get(`f${index}`)).content?.equals(content)).toBe(true);
      }),
    );
    const { body } = await fixture.original().list();
    expect(body?.split('\n').sort()).toEqual(
      [...numbers.map((number) => `f${number}`), 'shared'].sort(),
    );
    const { content } = await fixture.original().get('shared');
    expect(content?.equals(contentOf(content.length))).toBe(true);
    await fixture.untilConnections(0);
  });

  test('send a payload in pieces of any length', async () => {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
    const client = fixture.original();
    const content = contentOf(300);
    for (const piece of [1, 7, 16, 33, 348]) {
      const connection = await client.connect();
      await connection.writeRaw(connection.hello);
      await connection.readHello();
      const payload = sealPayload(connection.keys!, content);
      const all = Buffer.concat([Buffer.from(`SEND|f${piece}|${payload.length}\n`), payload]);
      for (let start = 0; start < all.length; start += piece) {
        await connection.writeRaw(all.subarray(start, start + piece));
      }
      expect((await connection.readAll()).toString()).toBe('226|Transfer Complete\n');
      connection.close();
      expect((await client.get(`f${piece}`)).content?.equals(content)).toBe(true);
    }
  });
});

describe.each(settings.filter(({ way }) => way === 'TCP'))(
  'clients of both generations, with files $files,',
  (setting) => {
    test('see each other’s files, and disturb each other in nothing', async () => {
      fixture = await Fixture.start({ ...setting, v1: 'all' });
      const client = fixture.original();
      const peer = await fixture.connect();
      await Promise.all([
        (async () => {
          for (let round = 0; round < 10; round++) {
            expect(await client.send(`old${round}`, contentOf(round * 10_000))).toBe(
              '226|Transfer Complete',
            );
          }
        })(),
        (async () => {
          for (let round = 0; round < 10; round++) {
            const sent = await peer.send(`received/new${round}`, contentOf(round * 10_000));
            expect(sent).toMatchObject({ status: 226 });
          }
        })(),
      ]);
      for (let round = 0; round < 10; round++) {
        const content = contentOf(round * 10_000);
        const { body } = await peer.call('GET', { path: `received/old${round}` });
        expect(body?.bytes.equals(content)).toBe(true);
        expect((await client.get(`new${round}`)).content?.equals(content)).toBe(true);
      }
      expect(await client.delete('new0')).toBe('200|File deleted');
      expect(await peer.call('STAT', { path: 'received/new0' })).toMatchObject({ status: 404 });
      expect(await peer.call('DELETE', { path: 'received/old0' })).toMatchObject({ status: 200 });
      expect(await client.get('old0')).toMatchObject({ line: '404|File not found: old0' });
    });

    test('hear the last word of a race for one name', async () => {
      fixture = await Fixture.start({ ...setting, v1: 'all' });
      const client = fixture.original();
      const peer = await fixture.connect();
      const versions = [contentOf(400_000), contentOf(300_001)];
      for (let round = 0; round < 5; round++) {
        const answers = await Promise.all([
          client.send('f', versions[0]!),
          peer.send('received/f', versions[1]!),
        ]);
        expect(answers).toMatchObject(['226|Transfer Complete', { status: 226 }]);
        const { content } = await client.get('f');
        expect(versions.some((version) => content?.equals(version))).toBe(true);
      }
    });
  },
);
