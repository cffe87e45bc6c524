import { setTimeout as delay } from 'node:timers/promises';

import type { Client } from '@e2eeftp/client';
import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { keyOf, Playground, type RunningServer } from './support/program.js';
import { isAlive, workersOf } from './support/worker-processes.js';

const identity = Identity.generate();
let playground: Playground;

beforeEach(async () => {
  playground = await Playground.make();
  await playground.run(['authorize', keyOf(identity)]);
});

afterEach(async () => {
  await playground.remove();
});

function connections(server: RunningServer, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => playground.connect(server, identity)));
}

async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await delay(5);
}

async function namesOf(client: Client): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of client.list('received')) names.push(path);
  return names;
}

test('several workers serve one port and the same files', async () => {
  const server = await playground.start(['--workers', '2']);
  expect(workersOf(server)).toHaveLength(2);
  const clients = await connections(server, 6);
  await Promise.all(
    clients.map((client, index) =>
      client.send(Buffer.from(`from ${index}`), `received/folder/${index}`),
    ),
  );
  for (const client of clients) expect(await namesOf(client)).toEqual(['folder']);
  const [first] = clients;
  for (const index of clients.keys()) {
    expect((await first?.stat(`received/folder/${index}`))?.size).toBe(6);
  }
});

test('of many that may not replace each other’s file, whichever worker serves them, one wins', async () => {
  const server = await playground.start(['--workers', '3']);
  const clients = await connections(server, 9);
  for (let round = 0; round < 5; round++) {
    const path = `received/once-${round}`;
    const outcomes = await Promise.allSettled(
      clients.map((client, index) =>
        client.send(Buffer.from(`${index}`), path, { overwrite: 'never' }),
      ),
    );
    const winners = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
    }
  }
});

test('a limit holds for all workers together', async () => {
  const server = await playground.start(['--workers', '2', '--connections', '3']);
  const [first] = await connections(server, 3);
  await expect(playground.connect(server, identity)).rejects.toMatchObject({
    code: 'disconnected',
  });
  await first?.close();
  await until(() => server.log.some(({ msg }) => msg === 'client disconnected'));
  await until(() => server.log.some(({ limit }) => limit === 'connections'));
});

test('a worker that dies is replaced, and leaves nothing locked', async () => {
  const server = await playground.start(['--workers', '2']);
  for (let death = 0; death < 3; death++) {
    const clients = await connections(server, 4);
    const sent = clients.map((client) => client.send(Buffer.alloc(3_000_000), 'received/same'));
    const settled = Promise.allSettled(sent);
    const victim = workersOf(server).findLast(isAlive);
    process.kill(victim ?? 0, 'SIGKILL');
    await settled;
    await until(() => workersOf(server).filter(isAlive).length === 2);
    const [client] = await connections(server, 1);
    await client?.send(Buffer.from('whole'), 'received/same');
    expect((await client?.stat('received/same'))?.size).toBe(5);
  }
  expect(server.log.filter(({ msg }) => msg === 'a worker has died and is replaced')).toHaveLength(
    3,
  );
});

test('a signal ends the workers with their supervisor', async () => {
  const server = await playground.start(['--workers', '2']);
  const [client] = await connections(server, 1);
  await client?.ping();
  expect(await server.end()).toMatchObject({ exitCode: 0 });
  expect(workersOf(server).filter(isAlive)).toEqual([]);
});

test('workers do not outlive a supervisor that dies', async () => {
  const server = await playground.start(['--workers', '2']);
  await server.end('SIGKILL');
  await until(() => workersOf(server).filter(isAlive).length === 0);
  const next = await playground.start(['--workers', '2']);
  expect(workersOf(next)).toHaveLength(2);
});
