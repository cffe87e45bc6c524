import { getEventListeners } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

import { FaultProxy } from '@e2eeftp/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ClientError, connect, Identity, V1Client, type Client } from '../src/index.js';
import { makeFolder } from './home/support.js';
import { collect } from './support/collect.js';
import { dyingServer, scripted } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';
import { startPair } from './tree/support.js';

expectNoUnhandledRejections();

const count = 1000;
const warnings: string[] = [];
const onWarning = ({ name, message }: Error): void => {
  warnings.push(`${name}: ${message}`);
};

beforeEach(() => {
  warnings.length = 0;
  process.on('warning', onWarning);
});

afterEach(async () => {
  // Node tells of them in a turn of their own.
  await setImmediate();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

/** What may stay open only while something is under way. */
function resources(): { timers: number; sockets: number } {
  const types = process.getActiveResourcesInfo();
  return {
    timers: types.filter((type) => type === 'Timeout').length,
    sockets: types.filter((type) => type === 'TCPSocketWrap').length,
  };
}

/** The server takes a moment to see that its end of a connection is closed, too. */
async function expectFreed(before: ReturnType<typeof resources>): Promise<void> {
  const hasMore = (): boolean => {
    const { timers, sockets } = resources();
    return timers > before.timers || sockets > before.sockets;
  };
  const deadline = performance.now() + 10_000;
  while (hasMore() && performance.now() < deadline) await delay(5);
  expect({ before, hasMore: hasMore() }).toEqual({ before, hasMore: false });
}

type Operation = (client: Client, index: number, signal: AbortSignal) => Promise<unknown>;

function operationsIn(folder: string): Operation[] {
  return [
    (client, index, signal) => client.send(Buffer.from('abc'), `received/b${index}`, { signal }),
    (client, index, signal) =>
      client.send(Readable.from([Buffer.alloc(1000)]), `received/s${index}`, { signal }),
    (client, index, signal) => client.get('received/a', join(folder, `${index}`), { signal }),
    (client, _index, signal) => client.get('received/a', new PassThrough().resume(), { signal }),
    (client, _index, signal) => client.getBytes('received/a', { signal, timeout: 60_000 }),
    (client, _index, signal) => collect(client.read('received/a', { signal })),
    (client, _index, signal) => collect(client.list('received/f', { signal, recursive: true })),
    (client, _index, signal) => client.stat('received/a', { signal }),
    (client, index, signal) => client.mkdir(`received/d${index}`, { signal }),
    (client, _index, signal) => client.ping({ signal, timeout: 60_000 }),
  ];
}

function startAll(client: Client, folder: string, signal: AbortSignal): Promise<unknown>[] {
  const operations = operationsIn(folder);
  return Array.from({ length: count }, (_, index) => {
    const operate = operations[index % operations.length];
    return operate ? operate(client, index, signal) : Promise.resolve();
  });
}

function nameOf(reason: unknown): string {
  return reason instanceof ClientError ? reason.code : `untyped ${inspect(reason)}`;
}

/** How many of each outcome there were. */
function tally(settled: readonly PromiseSettledResult<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const result of settled) {
    const outcome = result.status === 'fulfilled' ? 'done' : nameOf(result.reason);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

async function startFilled(): Promise<Awaited<ReturnType<typeof startPair>>> {
  const pair = await startPair();
  await pair.client.send(Buffer.alloc(100_000), 'received/a');
  await pair.client.mkdir('received/f/g');
  return pair;
}

describe('a thousand operations at once, with one signal', () => {
  test('succeed, and leave nothing behind', async () => {
    const { client } = await startFilled();
    const before = resources();
    const { signal } = new AbortController();
    const running = startAll(client, await makeFolder(), signal);
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
    expect(tally(await Promise.allSettled(running))).toEqual({ done: count });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    // The server, in the same process, watches each connection by a timer of its own.
    await client.close();
    await expectFreed(before);
  });

  test('are cancelled together, and the client is as usable as before', async () => {
    const { client } = await startFilled();
    const folder = await makeFolder();
    const before = resources();
    const controller = new AbortController();
    const { signal } = controller;
    const settling = Promise.allSettled(startAll(client, folder, signal));
    await client.ping();
    controller.abort();
    const { done = 0, aborted = 0, ...others } = tally(await settling);
    expect({ others, sum: done + aborted }).toEqual({ others: {}, sum: count });
    expect(aborted).toBeGreaterThan(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
    await client.ping();
    await client.close();
    await expectFreed(before);
  });

  test('all settle when the server dies in the midst of them', async () => {
    const { client: other, server } = await startFilled();
    const proxy = await FaultProxy.start({ port: server.address.port });
    const client = await connect({
      port: proxy.port,
      identity: Identity.generate(),
      server: other.greeting.facts.peerIdentity,
      retries: 1,
    });
    const folder = await makeFolder();
    const { signal } = new AbortController();
    const running = startAll(client, folder, signal);
    const settling = Promise.allSettled(running);
    await Promise.race(running);
    proxy.isDown = true;
    proxy.cutAll();
    const outcomes = tally(await settling);
    const { done = 0, disconnected = 0, unreachable = 0, ...others } = outcomes;
    expect({ others, sum: done + disconnected + unreachable }).toEqual({ others: {}, sum: count });
    expect(done).toBeLessThan(count);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
    await client.close();
    await proxy.close();
  });

  test('all settle when the client is closed with no time left', async () => {
    const { client } = await startFilled();
    const { signal } = new AbortController();
    const settling = Promise.allSettled(startAll(client, await makeFolder(), signal));
    await client.close({ timeout: 0 });
    const { done = 0, closed = 0, ...others } = tally(await settling);
    expect({ others, sum: done + closed }).toEqual({ others: {}, sum: count });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('of a client that cannot connect any more all fail', async () => {
    const { options } = dyingServer();
    const client = await connect({ ...options, retries: 0 });
    const { signal } = new AbortController();
    const folder = join(await makeFolder(), 'f');
    await mkdir(folder);
    const outcomes = tally(await Promise.allSettled(startAll(client, folder, signal)));
    expect(outcomes).toEqual({ disconnected: count });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await client.close();
  });
});

test('twenty connections that are opened at once warn of nothing', async () => {
  const { client } = await startPair({ connect: { connections: 20 } });
  const sources = Array.from({ length: 20 }, () => Buffer.alloc(400_000));
  await Promise.all(sources.map((source, index) => client.send(source, `received/${index}`)));
  await client.close();
});

test('a hundred operations of the first generation with one signal warn of nothing', async () => {
  const { options } = scripted(async (server) => {
    server.transport.destroy();
  });
  const { signal } = new AbortController();
  const client = new V1Client(options);
  const running = Array.from({ length: 100 }, () => client.list({ signal, timeout: 10_000 }));
  const outcomes = tally(await Promise.allSettled(running));
  expect(outcomes).toEqual({ disconnected: 100 });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
