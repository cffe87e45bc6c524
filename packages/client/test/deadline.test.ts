import { getEventListeners } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { connect, type Client, type ClientError, type OperationOptions } from '../src/index.js';
import { failureOf, makeFolder } from './home/support.js';
import { collect } from './support/collect.js';
import { connectTo, dyingServer } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { startPair } from './tree/support.js';

expectNoUnhandledRejections();

type Operation = (client: Client, options: OperationOptions) => Promise<unknown>;

const operations: Readonly<Record<string, Operation>> = {
  send: (client, options) => client.send(new PassThrough(), 'received/a', options),
  put: (client, options) => client.put(Buffer.from('abc'), 'received/a', options),
  get: async (client, options) => client.get('received/a', join(await makeFolder(), 'a'), options),
  getBytes: (client, options) => client.getBytes('received/a', options),
  read: (client, options) => collect(client.read('received/a', options)),
  list: (client, options) => collect(client.list('received', options)),
  stat: (client, options) => client.stat('received/a', options),
  remove: (client, options) => client.remove('received/a', options),
  rename: (client, options) => client.rename('received/a', 'received/b', options),
  mkdir: (client, options) => client.mkdir('received/a', options),
  commands: (client, options) => client.commands(options),
  ping: (client, options) => client.ping(options),
  whoami: (client, options) => client.whoami(options),
  request: (client, options) => client.request('PING', {}, options),
};

/** What all operations at once, of a client whose server is silent, fail with. */
async function failuresOf(
  client: Client,
  options: OperationOptions,
): Promise<Readonly<Record<string, ClientError>>> {
  const failures = Object.entries(operations).map(
    async ([name, operate]) => [name, await failureOf(operate(client, options))] as const,
  );
  return Object.fromEntries(await Promise.all(failures));
}

const each = (expected: object): object =>
  Object.fromEntries(Object.keys(operations).map((name) => [name, expected]));

describe('every operation', () => {
  test('takes no longer than its timeout, though the server is silent', async () => {
    const client = await connectTo(async () => undefined);
    const message = expect.stringMatching(/30 ms/u);
    expect(await failuresOf(client, { timeout: 30 })).toMatchObject(
      each({ code: 'timed-out', message }),
    );
    await client.close({ timeout: 0 });
  });

  test('says that it was the time when its signal is one of time', async () => {
    const client = await connectTo(async () => undefined);
    const signal = AbortSignal.timeout(30);
    expect(await failuresOf(client, { signal })).toMatchObject(each({ code: 'timed-out' }));
    expect((await failureOf(client.ping({ signal }))).cause).toBe(signal.reason);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await client.close({ timeout: 0 });
  });

  test('fails at once when its client is closed with no time left', async () => {
    const client = await connectTo(async () => undefined);
    const failing = failuresOf(client, {});
    await client.close({ timeout: 0 });
    expect(await failing).toMatchObject(each({ code: 'closed' }));
  });
});

describe('a timeout', () => {
  test('goes for all attempts together', async () => {
    const { options } = dyingServer();
    const client = await connect({ ...options, retries: 1000 });
    expect((await failureOf(client.stat('received/a', { timeout: 200 }))).code).toBe('timed-out');
    await client.close();
  });

  test.each([Infinity, 2 ** 40])('of %d is none', async (timeout) => {
    const { client } = await startPair();
    await client.send(Buffer.from('abc'), 'received/a', { timeout });
    expect((await client.getBytes('received/a', { timeout })).toString()).toBe('abc');
  });

  test('may be none wherever there is one', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const forEver = { connect: Infinity, handshake: Infinity, progress: Infinity };
    const { client } = await startPair({ connect: { timeouts: forEver } });
    await client.ping({ timeout: Infinity });
    await client.close({ timeout: Infinity });
    await delay(1);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('that is not used up changes nothing', async () => {
    const { client } = await startPair();
    await client.ping({ timeout: 10_000 });
    await client.ping({ timeout: 10_000, signal: AbortSignal.timeout(10_000) });
  });

  test('of a loop goes for what the loop does, too', async () => {
    const { client } = await startPair();
    await client.send(Buffer.alloc(4_000_000), 'received/a');
    const reading = (async () => {
      for await (const chunk of client.read('received/a', { timeout: 50 })) {
        expect(chunk.length).toBeGreaterThan(0);
        await delay(60);
      }
    })();
    expect((await failureOf(reading)).code).toBe('timed-out');
    await client.ping();
  });
});

describe('closing', () => {
  test('a client leaves its transfers the time that it was given', async () => {
    const { client } = await startPair();
    const source = new PassThrough();
    source.write('abc');
    const sending = client.send(source, 'received/a');
    const closing = client.close({ timeout: 10_000 });
    source.end();
    expect((await sending).size).toBe(3);
    await closing;
  });

  test('may be hurried up later, and again when all is over', async () => {
    const { client } = await startPair();
    const sending = failureOf(client.send(new PassThrough(), 'received/a'));
    const closing = client.close();
    await client.close({ timeout: 20 });
    await closing;
    expect((await sending).code).toBe('closed');
    await client.close({ timeout: 0 });
  });

  test('waits for no server that has no last word', async () => {
    const client = await connectTo(async (server) => {
      server.endsWithClient = false;
    });
    await client.close({ timeout: 0 });
  });

  test('does not wait for a loop that stands still', async () => {
    const { client } = await startPair();
    await client.send(Buffer.alloc(4_000_000), 'received/a');
    const read = client.read('received/a');
    await read.next();
    await client.close({ timeout: 0 });
    expect((await failureOf(collect(read))).code).toBe('closed');
  });

  test('an await using block that was left by an exception waits for nothing in it', async () => {
    const { client, server } = await startPair();
    let sending: Promise<unknown> | undefined;
    const use = async (): Promise<void> => {
      await using mine = client;
      sending = failureOf(mine.send(new PassThrough(), 'received/a'));
      await mine.ping();
      throw new Error('enough');
    };
    await expect(use()).rejects.toThrow('enough');
    expect(await sending).toMatchObject({ code: 'closed' });
    expect(server.connections).toBe(0);
  });
});

describe('a loop over a listing', () => {
  test('that is left early keeps nothing busy', async () => {
    const { client } = await startPair({ connect: { connections: 1 } });
    for (const name of ['a', 'b', 'c']) await client.send(Buffer.from(name), `received/${name}`);
    const { signal } = new AbortController();
    for (let time = 0; time < 20; time++) {
      for await (const { path } of client.list('received', { signal, timeout: 10_000 })) {
        expect(path).toBe('a');
        break;
      }
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await client.ping({ timeout: 5000 });
    await client.close();
  });

  test('over a file that is left early frees its connection', async () => {
    const { client } = await startPair({ connect: { connections: 1 } });
    await client.send(Buffer.alloc(4_000_000), 'received/a');
    for (let time = 0; time < 5; time++) {
      for await (const chunk of client.read('received/a')) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    await client.ping({ timeout: 5000 });
    await client.close();
  });
});
