import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { MemoryStore, Server } from '@e2eeftp/server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { Identity } from '../src/index.js';
import { RateLimit } from '../src/transfer/rate-limit.js';
import { makeFolder } from './home/support.js';
import { connectOverLine, type LinedClient } from './support/breaking-pair.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const identity = Identity.generate();
const bytes = randomBytes(4_000_000);
const server = new Server({
  identity,
  authorizer: { authorize: async (who) => ({ identity: who, name: undefined, access: 'rw' }) },
  store: new MemoryStore(),
  // Far less than a megabyte takes at the rate below.
  limits: { progressTimeout: 400 },
});

function enter(rateLimit?: number): Promise<LinedClient> {
  return connectOverLine(server, {
    identity: Identity.generate(),
    server: identity.publicKey,
    retries: 0,
    timeouts: { progress: 400 },
    rateLimit,
  });
}

beforeAll(async () => {
  const { client } = await enter();
  await client.send(bytes, 'received/a');
  await client.close();
});
afterAll(() => server.close());

describe('a rate at which a megabyte takes longer than anybody waits', () => {
  const rate = 1_200_000;

  test('breaks no download', async () => {
    const { client, line } = await enter(rate);
    const path = join(await makeFolder(), 'a');
    await client.get('received/a', path);
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(line.opened).toBe(1);
    await client.close();
  });

  test('breaks no loop, and no part of a file', async () => {
    const { client, line } = await enter(rate);
    const part = await client.getBytes('received/a', { offset: 100_001, length: 3_000_000 });
    expect(part.equals(bytes.subarray(100_001, 3_100_001))).toBe(true);
    expect(line.opened).toBe(1);
    await client.close();
  });

  test('breaks no upload', async () => {
    const { client, line } = await enter(rate);
    expect((await client.send(bytes, 'received/b', { checksum: true })).size).toBe(bytes.length);
    expect(line.opened).toBe(1);
    await client.close();
  });
});

describe('a rate limit', () => {
  test.each([
    [1, 4096, 4096],
    [1024, 10_240, 4096],
    [40_000, 400_000, 10_000],
    [1_000_000, 524_288, 250_000],
    [10_000_000, Infinity, 262_144],
  ])('of %d bytes a second asks for %d at once, and sends %d', (rate, range, part) => {
    const limit = new RateLimit(rate);
    expect(limit.longestRange).toBe(range);
    expect(limit.longestPart).toBe(part);
  });
});
