import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { connect, Identity, type Client } from '../src/index.js';
import { failureOf, makeFolder } from './home/support.js';
import { collect } from './support/collect.js';
import { connectTo, scripted, type Script } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const short = { handshake: 60, progress: 60 };
const nothing: Script = async () => undefined;
const file = { size: 5, mtime: 0, etag: 'e' };

async function* endless(): AsyncGenerator<Uint8Array, void, void> {
  for (;;) yield new Uint8Array(65_536);
}

describe('a silent server', () => {
  test.each<[string, Script]>([
    ['before its hello', nothing],
    ['in the middle of its hello', (server) => server.transport.write([Uint8Array.of(4)])],
    [
      'behind its hello',
      async (server) => {
        const [event] = server.session.receive(await server.chunk());
        if (event?.type === 'send') await server.transport.write([event.bytes.subarray(0, 1126)]);
      },
    ],
    ['behind the client’s proof', (server) => server.establish()],
  ])('%s is not waited for', async (_stage, script) => {
    const { options } = scripted(script);
    expect((await failureOf(connect({ ...options, timeouts: short }))).code).toBe('timed-out');
  });

  test.each<[string, (client: Client, folder: string) => Promise<unknown>, Script]>([
    ['behind its welcome', (client) => client.ping(), nothing],
    ['behind a request', (client) => client.ping(), (server) => server.request()],
    [
      'within a download',
      (client, folder) => client.get('received/a', join(folder, 'a')),
      async (server) => {
        await server.answerGet(5);
        await server.data(Buffer.from('abc'));
      },
    ],
    [
      'within an upload that it no longer reads',
      (client) => client.send(endless(), 'received/a'),
      (server) => server.request(),
    ],
    [
      'behind an upload',
      (client) => client.send(Buffer.from('abc'), 'received/a'),
      async (server) => {
        await server.request();
        await server.bodyEnd();
      },
    ],
    ['at the close', (client) => client.ping().finally(() => client.close()), nothing],
  ])('%s is not waited for', async (_stage, operate, script) => {
    const client = await connectTo(script, short);
    const folder = await makeFolder();
    expect((await failureOf(operate(client, folder))).code).toBe('timed-out');
    expect(await readdir(folder)).toEqual([]);
    await client.close();
  });

  test('is not waited for when the client closes', async () => {
    const client = await connectTo(nothing, short);
    await client.close();
    expect((await failureOf(client.ping())).code).toBe('closed');
  });

  test('is not waited for when it answers all and does not end', async () => {
    const client = await connectTo(async (server) => {
      server.endsWithClient = false;
      await server.behave();
    }, short);
    const pinged = client.ping();
    await client.close();
    await expect(pinged).resolves.toBeGreaterThanOrEqual(0);
  });
});

describe('a server with another key', () => {
  test('learns nothing of the client', async () => {
    let received = 0;
    let ended: (() => void) | undefined;
    const hungUp = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const { options } = scripted(async (server) => {
      try {
        await server.establish();
      } finally {
        ({ received } = server);
        ended?.();
      }
    });
    const failure = await failureOf(connect({ ...options, server: Identity.generate().publicKey }));
    expect(failure.code).toBe('changed-server');
    await hungUp;
    // A ClientHello with two suites: magic, length, version, count, suites, two public keys.
    expect(received).toBe(4 + 2 + 1 + 1 + 2 + 32 + 1184);
  });

  test('is refused with what the caller throws, or as unknown', async () => {
    const { options } = scripted((server) => server.welcome());
    const refuse = (error: Error): Promise<Client> =>
      connect({
        ...options,
        server: () => {
          throw error;
        },
      });
    expect((await failureOf(refuse(new Error('not that one')))).code).toBe('unknown-server');
  });
});

describe('an answer that is none', () => {
  test.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['zeros', '\0'.repeat(4096)],
    ['the largest length', '\uFFFF\uFFFF\uFFFF'],
    ['a long line', 'x'.repeat(100_000)],
  ])('%s is no server', async (_name, text) => {
    const { options } = scripted(async (server) => {
      await server.chunk();
      await server.transport.write([Buffer.from(text)]);
    });
    expect((await failureOf(connect({ ...options, timeouts: short }))).code).toBe('not-e2eeftp');
  });

  test('to nothing ends the connection', async () => {
    const { options, opened } = scripted(
      async (server) => {
        await server.welcome();
        await server.request();
        const answer = server.session.respond({ status: 200, text: '', result: null, body: false });
        // The same record twice, in one piece: the second one answers nothing.
        await server.transport.write([Buffer.concat([...answer, ...answer])]);
      },
      async (server) => {
        await server.welcome();
        await server.behave();
      },
    );
    const client = await connect(options);
    await client.ping();
    expect(opened()).toBe(1);
    await client.ping();
    expect(opened()).toBe(2);
  });

  test.each<[string, (client: Client) => Promise<unknown>]>([
    ['STAT', (client) => client.stat('received/a')],
    ['LIST', (client) => client.list('received').next()],
    ['HLIST', (client) => client.commands()],
    ['WHOAMI', (client) => client.whoami()],
    ['SEND', (client) => client.send(Buffer.from('a'), 'received/a')],
    ['GET', (client) => client.get('received/a', 'never-made')],
  ])('to %s is refused in any wrong shape', async (_command, operate) => {
    const shapes = [
      null,
      1,
      'text',
      [],
      [null],
      {},
      { entries: 1 },
      { size: 'x' },
      new Uint8Array(3),
    ];
    let next = 0;
    const client = await connectTo(async (server) => {
      for (;;) {
        const { body } = await server.request();
        if (body) await server.bodyEnd();
        await server.respond(200, shapes[next % shapes.length] ?? null);
        next += 1;
      }
    }, short);
    for (const shape of shapes) {
      // An empty array is a list of commands, and right.
      if (_command === 'HLIST' && Array.isArray(shape) && shape.length === 0) {
        await operate(client);
      } else {
        expect((await failureOf(operate(client))).code).toBe('not-e2eeftp');
      }
    }
    expect(next).toBe(shapes.length);
    await client.close();
  });

  test('of 400 and above is an error, whatever the status', async () => {
    const codes = new Map([
      [400, 'bad-request'],
      [403, 'not-allowed'],
      [404, 'not-found'],
      [408, 'timed-out'],
      [409, 'conflict'],
      [413, 'too-large'],
      [416, 'bad-range'],
      [418, 'bad-request'],
      [429, 'too-many-requests'],
      [500, 'server-failed'],
      [503, 'shutting-down'],
      [507, 'no-space'],
      [599, 'server-failed'],
    ]);
    const client = await connectTo(async (server) => {
      for (const status of codes.keys()) {
        await server.request();
        await server.respond(status);
      }
    });
    for (const code of codes.values()) {
      expect((await failureOf(client.ping())).code).toBe(code);
    }
  });
});

describe('a listing', () => {
  const entry = (path: string): Record<string, string | number> => ({
    ...file,
    path,
    type: 'file',
  });

  test.each([
    ['the same page for ever', { entries: [entry('a')], etag: 'e', cursor: 'a' }],
    ['empty pages for ever', { entries: [], etag: 'e', cursor: 'a' }],
    ['names out of order', { entries: [entry('b'), entry('a')], etag: 'e' }],
    ['a name twice', { entries: [entry('a'), entry('a')], etag: 'e' }],
    ['a cursor of another name', { entries: [entry('a')], etag: 'e', cursor: 'b' }],
  ])('of %s is refused', async (_name, page) => {
    const client = await connectTo(async (server) => {
      for (;;) {
        await server.request();
        await server.respond(200, page);
      }
    });
    expect((await failureOf(collect(client.list('received')))).code).toBe('not-e2eeftp');
  });

  test('that only stops giving names is refused', async () => {
    const client = await connectTo(async (server) => {
      await server.request();
      await server.respond(200, { entries: [entry('a')], etag: 'e', cursor: 'a' });
      for (;;) {
        await server.request();
        await server.respond(200, { entries: [], etag: 'e', cursor: 'a' });
      }
    });
    expect((await failureOf(collect(client.list('received')))).code).toBe('not-e2eeftp');
  });
});
