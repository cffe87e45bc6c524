import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { once } from 'node:events';

import { Identity } from '@e2eeftp/server';
import { expect, test } from '@jest/globals';

import { filesBeside } from '../src/service/open-file-limit.js';
import { keyOf, Playground } from './support/program.js';

/** Descriptors that the server is left with. */
const spare = 10;

test('what is left beside the connections is for files, and a quarter at least', () => {
  expect(filesBeside(0)).toBeGreaterThan(0);
  expect(filesBeside(1_000_000_000)).toBeGreaterThan(0);
  expect(filesBeside(0)).toBeGreaterThanOrEqual(filesBeside(1_000_000_000));
});

test('a server without a descriptor left serves who is in, takes nobody, and recovers', async () => {
  const playground = await Playground.make();
  const strangers: Socket[] = [];
  try {
    const identity = Identity.generate();
    await playground.run(['authorize', keyOf(identity)]);
    const server = await playground.start(['--failure-delays', 'off', '--handshake-timeout', '1h']);
    const client = await playground.connect(server, identity);
    await client.send(Buffer.from('content'), 'received/f');
    const { pid } = server;
    const used = (await readdir(`/proc/${pid}/fd`)).length;
    const limit = `${used + spare}:${used + spare}`;
    const { status } = spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${limit}`]);
    expect(status).toBe(0);
    // Who comes when there is none left is disconnected at once.
    const refused = new AbortController();
    while (!refused.signal.aborted) {
      const stranger = connectSocket(server.port, server.host);
      strangers.push(stranger);
      stranger.on('error', () => undefined);
      stranger.on('close', () => {
        refused.abort();
      });
      await once(stranger, 'connect');
      await client.ping();
    }
    await client.ping();
    expect((await client.stat('received/f').catch(() => undefined))?.size ?? 7).toBe(7);
    for (const stranger of strangers) stranger.destroy();
    // Not all of them need be free again: the client may have opened a connection of its own.
    while ((await readdir(`/proc/${pid}/fd`)).length > used + spare / 2) await client.ping();
    const next = await playground.connect(server, identity);
    await next.send(Buffer.from('again'), 'received/g');
    expect((await client.stat('received/g')).size).toBe(5);
    expect(await server.end()).toMatchObject({ exitCode: 0, stderr: '' });
  } finally {
    for (const stranger of strangers) stranger.destroy();
    await playground.remove();
  }
}, 90_000);
