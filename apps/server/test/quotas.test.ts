import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Client } from '@e2eeftp/client';
import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { keyOf, Playground, type RunningServer } from './support/program.js';
import { isAlive, workersOf } from './support/worker-processes.js';

const alice = Identity.generate();
const quota = 1_000_000;
const size = 90_000;
let playground: Playground;

beforeEach(async () => {
  playground = await Playground.make();
});
afterEach(async () => {
  await playground.remove();
});

function connections(
  server: RunningServer,
  count: number,
  { who = alice, retries }: { who?: Identity; retries?: number } = {},
): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => playground.connect(server, who, retries)));
}

/** Sends files until the server has refused two of them, and tells how many it took. */
async function fill(client: Client, name: string): Promise<number> {
  let taken = 0;
  for (let refusals = 0, index = 0; refusals < 2; index++) {
    try {
      await client.send(Buffer.alloc(size), `received/${name}-${index}`);
      taken++;
    } catch (error) {
      expect(error).toMatchObject({ code: 'no-space' });
      refusals++;
    }
  }
  return taken;
}

describe('at the terminal', () => {
  test('a quota is given, shown and checked', async () => {
    const given = await playground.run(['authorize', keyOf(alice), '--quota', '1.5GB']);
    expect(given.stdout).toMatch(/^Authorized: access rw, quota 1500MB, fingerprint /u);
    const file = join(playground.data, 'authorized_clients.pub');
    expect(await readFile(file, 'utf8')).toBe(`${keyOf(alice)} quota=1500MB\n`);
    expect((await playground.run(['clients'])).stdout).toMatch(/QUOTA.*\n.* 1500MB /u);
    const listed = JSON.parse((await playground.run(['clients', '--json'])).stdout) as unknown;
    expect(listed).toMatchObject({ clients: [{ quota: 1_500_000_000 }] });
    await appendFile(file, `${keyOf(Identity.generate())} quota=20XB\n`);
    const { exitCode, stdout } = await playground.run(['check', '--port', '0']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/quota=20XB/u);
  }, 60_000);

  test('a quota that differs or makes no sense is refused', async () => {
    await playground.run(['authorize', keyOf(alice), '--quota', '1500MB']);
    const again = await playground.run(['authorize', keyOf(alice), '--quota', '1.5GB']);
    expect(again).toMatchObject({ exitCode: 0 });
    const other = await playground.run(['authorize', keyOf(alice), '--quota', '2GB']);
    expect(other.exitCode).toBe(1);
    expect(other.stderr).toMatch(/authorized before, otherwise .*quota 1500MB/u);
    const bad = await playground.run(['authorize', keyOf(Identity.generate()), '--quota', 'much']);
    expect(bad).toMatchObject({ exitCode: 2 });
    expect(bad.stderr).toMatch(/--quota must be a size/u);
  }, 60_000);
});

describe.each([
  ['one process', ['--durability', 'relaxed']],
  ['several workers', ['--workers', '3', '--durability', 'relaxed']],
])('by %s', (_name, options) => {
  test('clients that come at once never have more than their quota', async () => {
    const bob = Identity.generate();
    await playground.run(['authorize', keyOf(alice), '--quota', `${quota}`]);
    await playground.run(['authorize', keyOf(bob)]);
    const server = await playground.start(options);
    const clients = await connections(server, 6);
    const [owner] = await connections(server, 1, { who: bob });
    const counts = await Promise.all(clients.map((client, index) => fill(client, `${index}`)));
    const count = counts.reduce((sum, taken) => sum + taken, 0);
    expect(count).toBe(Math.floor(quota / size));
    for (const client of clients) {
      expect(await client.whoami()).toMatchObject({ quota, used: count * size });
    }
    // Who has no quota is not held to that of others.
    await owner?.send(Buffer.alloc(size), 'received/more');
    expect(await clients[0]?.whoami()).toMatchObject({ used: (count + 1) * size });
    await owner?.remove('received/more');
    const [taken] = await Promise.all(clients.map((client) => removeAll(client)));
    expect(taken).toBeDefined();
    expect(await clients[1]?.whoami()).toMatchObject({ used: 0 });
    expect(await fill(clients[2] as Client, 'again')).toBe(Math.floor(quota / size));
  }, 60_000);

  test('what was stored and what was begun counts after kill -9', async () => {
    await playground.run(['authorize', keyOf(alice), '--quota', `${quota}`]);
    for (let round = 0; round < 3; round++) {
      const server = await playground.start(options);
      const [client, other] = await connections(server, 2, { retries: 0 });
      const before = Number((await client?.whoami())?.used);
      expect(before).toBeLessThanOrEqual(quota);
      const broken = other?.send(Buffer.alloc(size), `received/broken-${round}`);
      const settled = Promise.allSettled([broken]);
      await client?.send(Buffer.alloc(size), `received/${round}`);
      await server.end('SIGKILL');
      await settled;
    }
    const server = await playground.start(options);
    const [client] = await connections(server, 1);
    const { used } = (await client?.whoami()) ?? {};
    expect(used).toBeGreaterThanOrEqual(3 * size);
    await fill(client as Client, 'rest');
    expect(Number((await client?.whoami())?.used)).toBeLessThanOrEqual(quota);
    await rm(join(playground.data, 'received/0'));
    await client?.send(Buffer.alloc(size), 'received/in-its-place');
  }, 60_000);
});

test('a worker that dies leaves no room taken that nothing fills', async () => {
  await playground.run(['authorize', keyOf(alice), '--quota', '10MB']);
  const server = await playground.start(['--workers', '2', '--durability', 'relaxed']);
  for (let death = 0; death < 3; death++) {
    const clients = await connections(server, 4);
    const sends = clients.map((client, index) =>
      client.send(Buffer.alloc(2_000_000), `received/${index}`),
    );
    const settled = Promise.allSettled(sends);
    const [victim] = workersOf(server).filter(isAlive);
    process.kill(victim ?? 0, 'SIGKILL');
    await settled;
    while (workersOf(server).filter(isAlive).length < 2) await delay(5);
    const [client] = await connections(server, 1);
    await removeAll(client as Client);
    const { used = Infinity } = (await client?.whoami()) ?? {};
    // What is left is unfinished uploads that can be resumed.
    expect(used).toBeLessThanOrEqual(8_000_000);
    await client?.send(Buffer.alloc(2_000_000), 'received/fits');
    await client?.remove('received/fits');
  }
}, 60_000);

async function removeAll(client: Client): Promise<number> {
  let count = 0;
  for await (const { path } of client.list('received')) {
    count++;
    await client.remove(`received/${path}`).catch(() => undefined);
  }
  return count;
}
