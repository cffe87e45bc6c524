import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BodyEnd } from '@e2eeftp/protocol';
import { describe, expect, test } from '@jest/globals';

import type { Client } from '../src/index.js';
import { failureOf, makeFolder } from './home/support.js';
import { collect } from './support/collect.js';
import { connectTo } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const abc = Buffer.from('abc');
const megabyte = new Uint8Array(1024 * 1024);

async function* endless(): AsyncGenerator<Uint8Array, void, void> {
  for (;;) yield megabyte;
}

/** Gets into a folder, expects a failure and an empty folder, and that the client still works. */
async function failingGet(client: Client, code: string): Promise<void> {
  const folder = await makeFolder();
  expect((await failureOf(client.get('received/a', join(folder, 'a')))).code).toBe(code);
  expect(await readdir(folder)).toEqual([]);
  expect((await failureOf(collect(client.read('received/a')))).code).toBe(code);
  await client.ping();
  await client.close();
}

describe('a download', () => {
  test.each<[string, string, readonly Uint8Array[], BodyEnd]>([
    ['less than announced', 'integrity', [abc], { ok: true, size: 3 }],
    ['nothing', 'integrity', [], { ok: true, size: 0 }],
    ['more than announced', 'integrity', [abc, abc], { ok: true, size: 6 }],
    ['another size than it says', 'integrity', [abc, abc.subarray(1)], { ok: true, size: 6 }],
    ['a body that it gives up', 'server-failed', [abc], { ok: false, text: 'no' }],
    [
      'a whole body that it takes back',
      'server-failed',
      [abc, abc.subarray(1)],
      { ok: false, text: '' },
    ],
  ])('of %s fails, and the connection stays', async (_name, code, parts, end) => {
    const client = await connectTo(async (server) => {
      for (let time = 0; time < 2; time++) {
        await server.answerGet(5);
        for (const part of parts) await server.data(part);
        await server.end(end);
      }
      await server.behave();
    });
    await failingGet(client, code);
  });

  test.each([
    ['no body', { size: 5, mtime: 0, etag: 'e', offset: 0, length: 5 }, false],
    ['another part', { size: 5, mtime: 0, etag: 'e', offset: 1, length: 4 }, true],
    ['a part only', { size: 5, mtime: 0, etag: 'e', offset: 0, length: 3 }, true],
    ['more than the file has', { size: 5, mtime: 0, etag: 'e', offset: 0, length: 6 }, true],
  ])('that announces %s fails, and the connection stays', async (_name, result, hasBody) => {
    const client = await connectTo(async (server) => {
      for (let time = 0; time < 2; time++) {
        await server.request();
        await server.respond(200, result, hasBody);
        if (!hasBody) continue;
        await server.data(new Uint8Array(result.length));
        await server.end({ ok: true, size: result.length });
      }
      await server.behave();
    });
    await failingGet(client, 'not-e2eeftp');
  });

  test('of another version than asked for fails', async () => {
    const client = await connectTo(async (server) => {
      await server.answerGet(0);
      await server.end({ ok: true, size: 0 });
      await server.behave();
    });
    const reading = collect(client.read('received/a', { etag: 'another' }));
    expect((await failureOf(reading)).code).toBe('not-e2eeftp');
    await client.ping();
  });

  test('that never ends is cut off at the announced size', async () => {
    const client = await connectTo(async (server) => {
      await server.answerGet(2 * megabyte.length);
      for (;;) await server.data(megabyte);
    });
    const folder = await makeFolder();
    const failure = await failureOf(client.get('received/a', join(folder, 'a')));
    expect(failure.code).toBe('integrity');
    expect(await readdir(folder)).toEqual([]);
    await client.close();
  });

  test.each([
    [200, 'disconnected'],
    [403, 'not-authorized'],
    [408, 'timed-out'],
    [429, 'too-many-requests'],
    [500, 'server-failed'],
    [503, 'shutting-down'],
  ])('with a close %i in it fails as %s', async (status, code) => {
    let announce = (): void => undefined;
    const announced = new Promise<void>((resolve) => {
      announce = resolve;
    });
    const client = await connectTo(async (server) => {
      await server.answerGet(5);
      await server.data(abc);
      announce();
      // Within a body, nothing but its end may follow: the writer ends it before the close.
      await server.end({ ok: false, text: '' });
      await server.say({ status, text: 'text' });
    });
    const folder = await makeFolder();
    const getting = failureOf(client.get('received/a', join(folder, 'a')));
    await announced;
    const pinging = failureOf(client.ping());
    expect((await getting).code).toBe('server-failed');
    expect((await pinging).code).toBe(code);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('an upload', () => {
  test.each([
    [400, 'bad-request'],
    [403, 'not-allowed'],
    [409, 'conflict'],
    [413, 'too-large'],
    [507, 'no-space'],
  ])('that is refused midway with %i stops, and the connection stays', async (status, code) => {
    let end: BodyEnd | undefined;
    const client = await connectTo(async (server) => {
      await server.request();
      while ((await server.next()).type !== 'data');
      await server.respond(status);
      end = await server.bodyEnd();
      await server.behave();
    });
    let isFreed = false;
    async function* source(): AsyncGenerator<Uint8Array, void, void> {
      try {
        yield* endless();
      } finally {
        isFreed = true;
      }
    }
    expect((await failureOf(client.send(source(), 'received/a'))).code).toBe(code);
    expect(isFreed).toBe(true);
    await client.ping();
    expect(end).toMatchObject({ ok: false });
    expect((await client.send(abc, 'received/a')).size).toBe(3);
    await client.close();
  });

  test('that is accepted before its end did not succeed', async () => {
    const client = await connectTo(async (server) => {
      await server.request();
      while ((await server.next()).type !== 'data');
      await server.respond(226, { size: megabyte.length, mtime: 0, etag: 'e' });
      await server.bodyEnd();
      await server.behave();
    });
    expect((await failureOf(client.send(endless(), 'received/a'))).code).toBe('not-e2eeftp');
    await client.ping();
  });

  test.each([
    ['less', { size: 2, mtime: 0, etag: 'e' }],
    ['more', { size: 4, mtime: 0, etag: 'e' }],
    ['no digest', { size: 3, mtime: 0, etag: 'e' }],
    ['another digest', { size: 3, mtime: 0, etag: 'e', sha256: new Uint8Array(32) }],
  ])('of which the server stored %s did not succeed', async (_name, result) => {
    const client = await connectTo(async (server) => {
      await server.request();
      await server.bodyEnd();
      await server.respond(226, result);
    });
    const sending = client.send(abc, 'received/a', { checksum: true });
    expect((await failureOf(sending)).code).toBe('integrity');
  });

  test.each([
    [403, 'not-authorized'],
    [408, 'timed-out'],
    [503, 'shutting-down'],
  ])(
    'into which a close %i comes fails, and so does what waits behind it',
    async (status, code) => {
      const client = await connectTo(async (server) => {
        await server.request();
        while ((await server.next()).type !== 'data');
        await server.say({ status, text: 'text' });
        // What is on its way is read, as a server does that wants its last word to be heard.
        for (;;) await server.next();
      });
      const sending = failureOf(client.send(endless(), 'received/a'));
      const behind = failureOf(client.ping());
      expect((await sending).code).toBe(code);
      expect((await behind).code).toBe(code);
    },
  );

  test('of a file that cannot be read is never begun', async () => {
    const folder = await makeFolder();
    const client = await connectTo((server) => server.behave());
    const missing = client.send(join(folder, 'missing'), 'received/a');
    expect((await failureOf(missing)).code).toBe('local-file');
    expect((await failureOf(client.send(folder, 'received/a'))).code).toBe('local-file');
    await client.ping();
  });

  test('of a file that changes while it is sent is not finished', async () => {
    const path = join(await makeFolder(), 'a');
    await writeFile(path, new Uint8Array(3 * megabyte.length));
    const client = await connectTo((server) => server.behave());
    const sending = client.send(path, 'received/a', {
      onProgress: ({ transferred }) => {
        if (transferred === megabyte.length) void writeFile(path, 'short');
      },
    });
    expect((await failureOf(sending)).code).toBe('local-file');
    await client.ping();
  });
});
