import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Identity } from '@e2eeftp/server';
import { expect, test } from '@jest/globals';

import { keyOf, Playground } from './support/program.js';
import { workersOf } from './support/worker-processes.js';

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(10);
}

/** Bytes that keep coming until they are told to end. */
async function* endless(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  while (!signal.aborted) {
    yield new Uint8Array(100_000);
    await delay(5);
  }
}

test('what a worker leaves that dies is gone while the server runs on', async () => {
  const playground = await Playground.make();
  const stop = new AbortController();
  try {
    const identity = Identity.generate();
    await playground.run(['authorize', keyOf(identity)]);
    const server = await playground.start(['--workers', '2']);
    const uploads = join(playground.data, '.e2eeftp/uploads');
    const client = await playground.connect(server, identity);
    const sent = client.send(endless(stop.signal), 'received/broken').catch(() => undefined);
    await until(async () => (await readdir(uploads)).length > 0);
    const [name = ''] = await readdir(uploads);
    const victim = Number(name.split('-')[0]);
    expect(workersOf(server)).toContain(victim);
    process.kill(victim, 'SIGKILL');
    await until(async () => !(await readdir(uploads)).includes(name));
    stop.abort();
    await sent;
    await until(async () => workersOf(server).length === 3);
    const after = await playground.connect(server, identity);
    await after.send(Buffer.from('whole'), 'received/next');
    expect((await after.stat('received/next')).size).toBe(5);
    expect(await readdir(uploads)).toEqual([]);
  } finally {
    stop.abort();
    await playground.remove();
  }
}, 30_000);
