import { getEventListeners } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';

import { sealPayload } from '@e2eeftp/original-peer';
import { memoryTransportPair, type Transport } from '@e2eeftp/transport';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { V1Client, type OperationOptions } from '../../src/index.js';
import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { scriptedClient, scriptedV1, startOriginal, type ScriptedV1Server } from './support.js';

expectNoUnhandledRejections();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-v1-abort-'));
  await writeFile(join(folder, 'source'), Buffer.alloc(3_000_000));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Operation = (client: V1Client, options: OperationOptions) => Promise<unknown>;

const operations: [string, Operation][] = [
  ['send a path', (client, options) => client.send(join(folder, 'source'), 'a', options)],
  ['send bytes', (client, options) => client.send(Buffer.from('abc'), 'a', options)],
  [
    'send a stream',
    (client, options) => client.send(Readable.from(['abc']), 'a', { size: 3, ...options }),
  ],
  ['get a path', (client, options) => client.get('a', join(folder, 'target'), options)],
  ['get a stream', (client, options) => client.get('a', new PassThrough(), options)],
  ['list', (client, options) => client.list(options)],
  ['remove', (client, options) => client.remove('a', options)],
  ['commands', (client, options) => client.commands(options)],
  ['request', (client, options) => client.request('STAT', ['a'], options)],
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
    const { client, server } = await startOriginal();
    const signal = AbortSignal.abort();
    await expectAborted(operate(client, { signal }), signal);
    expect(server.connections).toEqual([]);
  });

  test('ends while the connection is opened, which is then closed', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let arrive: (transport: Transport) => void = () => undefined;
    const options = scriptedV1(() => Promise.resolve());
    const client = new V1Client({
      ...options,
      openTransport: () => {
        setImmediate(() => {
          controller.abort();
        });
        return new Promise((resolve) => {
          arrive = resolve;
        });
      },
    });
    await expectAborted(operate(client, { signal }), signal);
    const [near, far] = memoryTransportPair();
    arrive(near);
    await expect(far.read()).rejects.toMatchObject({ code: 'reset' });
  });

  test.each<[string, (server: ScriptedV1Server) => Promise<unknown>]>([
    ['before the server’s hello', (server) => server.take(132)],
    [
      'within the server’s hello',
      async (server) => {
        await server.take(132);
        await server.write(Buffer.of(0, 0, 0, 128));
      },
    ],
    ['while the answer is awaited', (server) => server.command()],
    [
      'within the answer',
      async (server) => {
        await server.command();
        await server.write('200|');
      },
    ],
  ])('ends %s', async (_when, begin) => {
    const controller = new AbortController();
    const { signal } = controller;
    let left: Promise<unknown> | undefined;
    const client = scriptedClient(async (server) => {
      await begin(server);
      setImmediate(() => {
        controller.abort();
      });
      left = untilGone(server.transport);
      await left;
    });
    await expectAborted(operate(client, { signal }), signal);
    await left;
  });

  test('leaves nothing at the signal when all went well, or failed', async () => {
    const { client, store } = await startOriginal({
      commands: { STAT: () => ({ line: '200|ok' }) },
    });
    await store('a', Buffer.from('abc'));
    const { signal } = new AbortController();
    await operate(client, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await rm(join(folder, 'target'), { force: true });
    const failing = scriptedClient((server) => server.transport.end());
    expect((await failureOf(operate(failing, { signal }))).code).toBe('not-authorized');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('an upload', () => {
  test('ends while the source gives nothing', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const source = new Readable({ read: () => undefined });
    const client = scriptedClient(async (server) => {
      await server.command();
      controller.abort();
    });
    await expectAborted(client.send(source, 'a', { size: 5, signal }), signal);
    expect(source.destroyed).toBe(true);
  });

  test('ends while the server takes nothing', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const client = scriptedClient(async (server) => {
      await server.command();
      setImmediate(() => {
        controller.abort();
      });
    });
    await expectAborted(client.send(join(folder, 'source'), 'a', { signal }), signal);
  });

  test('ends although neither source nor network ever makes it wait', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const options = scriptedV1((server) => server.command());
    const client = new V1Client({
      ...options,
      openTransport: async (opening) => {
        const transport = await options.openTransport?.(opening);
        if (!transport) throw new Error('There is no transport');
        const passed = transport.write.bind(transport);
        let isBody = false;
        transport.write = async (parts) => {
          // The hello and the command arrive; what follows is swallowed as it comes.
          if (!isBody) await passed(parts);
          isBody ||= Buffer.concat(parts).includes('SEND');
        };
        return transport;
      },
    });
    const size = 50_000_000;
    let sent = 0;
    const onProgress = ({ transferred }: { transferred: number }): void => {
      if (sent === 0) {
        setImmediate(() => {
          controller.abort();
        });
      }
      sent = transferred;
    };
    const sending = client.send(new Uint8Array(size), 'a', { signal, onProgress });
    await expectAborted(sending, signal);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(size);
  });

  test('ends midway, and nothing is stored', async () => {
    const { client, server, stored } = await startOriginal();
    const controller = new AbortController();
    const { signal } = controller;
    const sending = client.send(join(folder, 'source'), 'a', {
      signal,
      onProgress: ({ transferred }) => {
        if (transferred > 1_000_000) controller.abort();
      },
    });
    await expectAborted(sending, signal);
    await server.close();
    expect(await stored()).toEqual([]);
  });
});

describe('a download', () => {
  const content = Buffer.alloc(3_000_000, 'x');

  async function give(server: ScriptedV1Server, share: number): Promise<void> {
    await server.command();
    if (!server.keys) return;
    const payload = sealPayload(server.keys, content);
    await server.write(`200|${payload.length}\n`, payload.subarray(0, payload.length * share));
  }

  test.each<[string, () => string | Writable]>([
    ['a path', () => join(folder, 'target')],
    ['a stream', () => new PassThrough()],
  ])('into %s ends midway, and nothing is there', async (_name, target) => {
    const controller = new AbortController();
    const { signal } = controller;
    const client = scriptedClient((server) => give(server, 0.5));
    const output = target();
    const getting = client.get('a', output, {
      signal,
      onProgress: ({ transferred }) => {
        if (transferred > 1_000_000) controller.abort();
      },
    });
    await expectAborted(getting, signal);
    if (output instanceof PassThrough) {
      expect(output.readableLength).toBe(0);
      expect(output.destroyed).toBe(false);
    }
  });

  test('ends while the stream takes nothing', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stuck = new Writable({
      write: () => {
        controller.abort();
      },
    });
    const client = scriptedClient((server) => give(server, 1));
    await expectAborted(client.get('a', stuck, { signal }), signal);
    expect(stuck.destroyed).toBe(false);
    expect(stuck.listenerCount('drain')).toBe(0);
  });
});

/** Reads until the client has gone. */
async function untilGone(transport: Transport): Promise<void> {
  try {
    while (await transport.read());
  } catch {
    // It has.
  }
}
