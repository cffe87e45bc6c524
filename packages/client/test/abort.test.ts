import { getEventListeners, once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { connect, type Client, type OperationOptions, type Progress } from '../src/index.js';
import { failureOf, makeFolder } from './home/support.js';
import { collect } from './support/collect.js';
import { connectTo, scripted, type Script } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-abort-'));
  await writeFile(join(folder, 'source'), 'abc');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Operation = (client: Client, options: OperationOptions) => Promise<unknown>;

const operations: [string, Operation][] = [
  ['send a path', (client, options) => client.send(join(folder, 'source'), 'received/a', options)],
  ['send bytes', (client, options) => client.send(Buffer.from('abc'), 'received/a', options)],
  [
    'send a stream',
    (client, options) => client.send(Readable.from([Buffer.from('a')]), 'received/a', options),
  ],
  ['get a path', (client, options) => client.get('received/a', join(folder, 'target'), options)],
  ['get a stream', (client, options) => client.get('received/a', new PassThrough(), options)],
  ['read', (client, options) => collect(client.read('received/a', options))],
  ['list', (client, options) => collect(client.list('received', options))],
  ['stat', (client, options) => client.stat('received/a', options)],
  ['remove', (client, options) => client.remove('received/a', options)],
  ['rename', (client, options) => client.rename('received/a', 'received/b', options)],
  ['mkdir', (client, options) => client.mkdir('received/a', options)],
  ['commands', (client, options) => client.commands(options)],
  ['ping', (client, options) => client.ping(options)],
  ['whoami', (client, options) => client.whoami(options)],
  ['request', (client, options) => client.request('PING', {}, options)],
];

async function expectAborted(operation: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const failure = await failureOf(operation);
  expect(failure.code).toBe('aborted');
  expect(failure.cause).toBe(signal.reason);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(await readdir(folder)).toEqual(['source']);
}

describe.each(operations)('%s', (_name, operate) => {
  test('is not begun with a signal that has spoken', async () => {
    const commands: string[] = [];
    const client = await connectTo(async (server) => {
      for (;;) {
        const { command, body } = await server.request();
        commands.push(command);
        if (body) await server.bodyEnd();
        await server.respond(200);
      }
    });
    const signal = AbortSignal.abort();
    await expectAborted(operate(client, { signal }), signal);
    await client.ping();
    expect(commands).toEqual(['PING']);
    await client.close();
  });

  test('ends while the answer is awaited, and the client stays usable', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const client = await connectTo(async (server) => {
      const { body } = await server.request();
      controller.abort();
      if (body) await server.bodyEnd();
      await server.respond(404);
      await server.behave();
    });
    await expectAborted(operate(client, { signal }), signal);
    await client.ping();
    await client.close();
  });

  test('is never sent when it ends while it is queued', async () => {
    const commands: string[] = [];
    const client = await connectTo(async (server) => {
      for (;;) {
        const { command, body } = await server.request();
        commands.push(command);
        if (!body) await server.respond(200);
        else {
          const { ok } = await server.bodyEnd();
          await server.respond(ok ? 226 : 400, { size: 1, mtime: 0, etag: 'e' });
        }
      }
    });
    const source = new PassThrough();
    source.write('a');
    let begun: Progress | undefined;
    const ahead = client.send(source, 'received/ahead', {
      onProgress: (progress) => {
        begun = progress;
      },
    });
    while (begun?.transferred !== 1) await setImmediate();
    const controller = new AbortController();
    const { signal } = controller;
    const queued = operate(client, { signal });
    queued.catch(() => undefined);
    // The queue is behind an upload whose source has nothing to give yet.
    while (getEventListeners(signal, 'abort').length === 0) await setImmediate();
    controller.abort();
    await expectAborted(queued, signal);
    source.end();
    await ahead;
    await client.ping();
    expect(commands).toEqual(['SEND', 'PING']);
    await client.close();
  });

  test('ends while it waits for another connection', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const { options } = scripted(
      async (server) => {
        await server.welcome();
        await server.request();
        await server.say({ status: 503, text: '' });
      },
      async (server) => {
        await server.establish();
        controller.abort();
      },
    );
    const client = await connect(options);
    expect((await failureOf(client.ping())).code).toBe('shutting-down');
    await expectAborted(operate(client, { signal }), signal);
    await client.close();
  });
});

describe('connect', () => {
  const silent: Script = async () => undefined;

  test('is not begun with a signal that has spoken', async () => {
    const { options, opened } = scripted(silent);
    const signal = AbortSignal.abort();
    await expectAborted(connect({ ...options, signal }), signal);
    expect(opened()).toBe(0);
  });

  test('ends at once, and hangs up', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let hungUp: Promise<unknown> | undefined;
    const { options } = scripted(async (server) => {
      await server.chunk();
      hungUp = server.transport.read().then(
        (chunk) => chunk,
        () => 'gone',
      );
      controller.abort();
    });
    await expectAborted(connect({ ...options, signal }), signal);
    expect(await hungUp).toBe('gone');
  });
});

describe('a transfer under way', () => {
  test.each<[string, (client: Client, signal: AbortSignal) => Promise<unknown>]>([
    ['a path', (client, signal) => client.get('received/a', join(folder, 'target'), { signal })],
    ['a stream', (client, signal) => client.get('received/a', new PassThrough(), { signal })],
    ['a loop', (client, signal) => collect(client.read('received/a', { signal }))],
  ])('ends within a download to %s', async (_name, operate) => {
    const controller = new AbortController();
    const { signal } = controller;
    const client = await connectTo(async (server) => {
      await server.answerGet(5);
      await server.data(Buffer.from('abc'));
      controller.abort();
      await server.end({ ok: false, text: '' });
      await server.behave();
    });
    await expectAborted(operate(client, signal), signal);
    await client.ping();
    await client.close();
  });

  test('ends although the target takes nothing more', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stuck = new Writable({
      highWaterMark: 1,
      write: () => {
        controller.abort();
      },
    });
    const client = await connectTo(async (server) => {
      await server.answerGet(3);
      await server.data(Buffer.from('abc'));
      await server.end({ ok: true, size: 3 });
      await server.behave();
    });
    await expectAborted(client.get('received/a', stuck, { signal }), signal);
    await client.ping();
    await client.close();
  });

  test('ends although the source gives nothing, which is freed', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const client = await connectTo(async (server) => {
      await server.request();
      controller.abort();
      await server.bodyEnd();
      await server.respond(400);
      await server.behave();
    });
    const source = new Readable({ read: () => undefined });
    const closed = once(source, 'close');
    await expectAborted(client.send(source, 'received/a', { signal }), signal);
    await closed;
    await client.ping();
    await client.close();
  });

  test('ends although the server takes nothing more', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const client = await connectTo((server) => server.request(), {
      progress: 60,
    });
    async function* source(): AsyncGenerator<Uint8Array, void, void> {
      for (;;) {
        void setImmediate().then(() => {
          controller.abort();
        });
        yield new Uint8Array(262_144);
      }
    }
    await expectAborted(client.send(source(), 'received/a', { signal }), signal);
    // The connection stands still; the next one fails with it, and the one behind that may connect.
    expect((await failureOf(client.ping())).code).toBe('timed-out');
    await client.close();
  });
});

test('a thousand operations leave no listener at their signal', async () => {
  const { signal } = new AbortController();
  const target = await makeFolder();
  const client = await connectTo(async (server) => {
    for (;;) {
      const { command, body } = await server.request();
      if (body) {
        const end = await server.bodyEnd();
        await server.respond(226, { size: end.ok ? end.size : 0, mtime: 0, etag: 'e' });
      } else if (command === 'GET') {
        await server.respond(200, { size: 1, mtime: 0, etag: 'e', offset: 0, length: 1 }, true);
        await server.data(new Uint8Array(1));
        await server.end({ ok: true, size: 1 });
      } else await server.respond(command === 'STAT' ? 404 : 200);
    }
  });
  for (let round = 0; round < 200; round++) {
    await Promise.all([
      client.ping({ signal }),
      client.send(Buffer.from('abc'), 'received/a', { signal }),
      round < 10
        ? client.get('received/a', join(target, 'a'), { signal })
        : client.get('received/a', new PassThrough(), { signal }),
      collect(client.read('received/a', { signal })),
      failureOf(client.stat('received/a', { signal })),
    ]);
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  await client.close();
});
