import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { CommandError } from '@e2eeftp/server';
import { FaultProxy } from '@e2eeftp/testkit';
import { describe, expect, test } from '@jest/globals';

import { ClientError, VaultTree } from '../../src/index.js';
import { versionOf } from '../../src/transfer/source-version.js';
import { makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { makeWorld, type World } from './hostile-world.js';
import { closeAfterTest, makePerson, vaultsOf, type Person } from './support.js';

expectNoUnhandledRejections();

/** One request to store something, as far as it came. */
interface Attempt {
  readonly path: string;
  readonly offset: number;
  readonly bytes: Buffer;
}

const size = 1024 * 1024 + 5000;
const chunk = 65_552;

/** Where a server can say that it goes on, of which it may have nothing. */
const offsets = [0, 1, 343, 343 + chunk, 343 + 3 * chunk + 17, 500_000, size];

interface Plan {
  /** Where the server says it goes on. */
  readonly goesOnAt: number;
  /** Attempts that it breaks off, and bytes of each that it takes before. */
  readonly breaks: readonly number[];
  /** What happens between two attempts. */
  readonly meanwhile?: () => Promise<void>;
}

/** Takes uploads as a hostile server does, and keeps all that it is given of them. */
function takeUploads(world: World, proxy: FaultProxy, plan: Plan): Attempt[] {
  const attempts: Attempt[] = [];
  let count = 0;
  world.server.lie('SEND', async ({ args, context }) => {
    const limit = plan.breaks[count++] ?? Infinity;
    const chunks: Buffer[] = [];
    const attempt = { path: String(args['path']), offset: Number(args['offset'] ?? 0) };
    let length = 0;
    const note = (): void => {
      attempts.push({ ...attempt, bytes: Buffer.concat(chunks) });
    };
    try {
      for await (const parts of context.body ?? []) {
        const bytes = Buffer.concat(parts);
        chunks.push(bytes);
        length += bytes.length;
        if (length >= limit) break;
      }
    } finally {
      note();
    }
    if (length >= limit) {
      await plan.meanwhile?.();
      proxy.cutAll();
      throw new CommandError(503);
    }
    return {
      status: 200,
      result: { size: attempt.offset + length, mtime: Date.now(), etag: `etag ${count}` },
    };
  });
  world.server.lie('RESUME', () =>
    Promise.resolve({ status: 200, result: { offset: plan.goesOnAt } }),
  );
  return attempts;
}

/** No byte of a stored file is ever two: each chunk of it was encrypted once, or the same twice. */
function expectOneKeystream(attempts: readonly Attempt[]): number {
  let compared = 0;
  for (const [index, one] of attempts.entries()) {
    for (const other of attempts.slice(index + 1)) {
      if (one.path !== other.path) continue;
      const start = Math.max(one.offset, other.offset);
      const end = Math.min(one.offset + one.bytes.length, other.offset + other.bytes.length);
      if (end <= start) continue;
      const [mine, theirs] = [one, other].map(({ offset, bytes }) =>
        bytes.subarray(start - offset, end - offset),
      );
      expect(mine?.equals(theirs ?? Buffer.alloc(0))).toBe(true);
      compared += end - start;
    }
  }
  return compared;
}

async function throughProxy(
  world: World,
): Promise<{ proxy: FaultProxy; again: () => Promise<Sender> }> {
  const { server, alice } = world;
  const proxy = await FaultProxy.start({ port: server.port });
  closeAfterTest(() => proxy.close());
  const again = async (): Promise<Sender> => {
    const { identity, home } = alice;
    const via = { port: proxy.port, publicKey: server.publicKey };
    const person = await makePerson(via, 'alice', {
      identity,
      home,
      connect: { journal: home.transfers, timeouts: { progress: 5000 } },
    });
    const session = await vaultsOf(person).open('team');
    const tree = new VaultTree(person.client, session, { uploads: home.vaultUploads });
    return { person, tree };
  };
  return { proxy, again };
}

/** Only what was not changed just now can be gone on with by a later run. */
async function untilSettled(path: string): Promise<void> {
  while (!versionOf(await stat(path, { bigint: true })).isSettled) await delay(50);
}

interface Sender {
  readonly person: Person;
  readonly tree: VaultTree;
}

function expectKnown(error: unknown): void {
  expect(error).toBeInstanceOf(ClientError);
}

async function sent(tree: VaultTree, local: string): Promise<'sent' | ClientError> {
  try {
    await tree.send(local, 'large.bin');
    return 'sent';
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}

describe('a server that says how far an upload has come', () => {
  test.each(offsets)('at %d gets no byte twice in two ways', async (goesOnAt) => {
    const world = await makeWorld();
    const { proxy, again } = await throughProxy(world);
    const { tree } = await again();
    const local = join(await makeFolder(), 'large.bin');
    await writeFile(local, Buffer.alloc(size, 1));
    const attempts = takeUploads(world, proxy, { goesOnAt, breaks: [300_000, 100_000] });
    await sent(tree, local);
    expect(attempts.length).toBeGreaterThan(1);
    const compared = expectOneKeystream(attempts);
    if (goesOnAt < 200_000) expect(compared).toBeGreaterThan(0);
  });

  test.each(offsets)(
    'at %d gets no byte twice in two ways when the source changes meanwhile',
    async (goesOnAt) => {
      const world = await makeWorld();
      const { proxy, again } = await throughProxy(world);
      const { tree } = await again();
      const local = join(await makeFolder(), 'large.bin');
      await writeFile(local, Buffer.alloc(size, 1));
      let turn = 1;
      const meanwhile = async (): Promise<void> => {
        turn += 1;
        await writeFile(local, Buffer.alloc(size, turn), { flag: 'r+' });
      };
      const plan = { goesOnAt, breaks: [300_000, 100_000], meanwhile };
      const attempts = takeUploads(world, proxy, plan);
      await sent(tree, local);
      expectOneKeystream(attempts);
    },
  );

  test.each(offsets)(
    'at %d gets no byte twice in two ways of a source that is another each time',
    async (goesOnAt) => {
      const world = await makeWorld();
      const { proxy, again } = await throughProxy(world);
      const { tree } = await again();
      let readings = 0;
      const source = {
        size,
        async *read(offset: number): AsyncGenerator<Uint8Array> {
          readings += 1;
          yield Buffer.alloc(size - offset, readings);
        },
      };
      const attempts = takeUploads(world, proxy, { goesOnAt, breaks: [300_000, 100_000] });
      await tree.send(source, 'large.bin').catch(expectKnown);
      expect(readings).toBeGreaterThan(1);
      expectOneKeystream(attempts);
    },
  );

  test.each(offsets)('at %d gets no byte twice in two ways from a later run', async (goesOnAt) => {
    const world = await makeWorld();
    const { proxy, again } = await throughProxy(world);
    const first = await again();
    const local = join(await makeFolder(), 'large.bin');
    await writeFile(local, Buffer.alloc(size, 1));
    await untilSettled(local);
    const stopping = new AbortController();
    const plan: Plan = {
      goesOnAt,
      breaks: [300_000, 100_000],
      meanwhile: async () => {
        stopping.abort();
      },
    };
    const attempts = takeUploads(world, proxy, plan);
    await first.tree.send(local, 'large.bin', { signal: stopping.signal }).catch(() => undefined);
    await first.person.client.close();
    const before = attempts.length;
    const second = await again();
    await sent(second.tree, local);
    expect(attempts.length).toBeGreaterThan(before);
    const compared = expectOneKeystream(attempts);
    if (goesOnAt < 200_000) expect(compared).toBeGreaterThan(0);
    await writeFile(local, Buffer.alloc(size, 7), { flag: 'r+' });
    await second.person.client.close();
    const third = await again();
    await sent(third.tree, local);
    expectOneKeystream(attempts);
  });
});

test('who overwrites a file that is sent anew, sends it under another key', async () => {
  const world = await makeWorld();
  const { proxy, again } = await throughProxy(world);
  const { tree } = await again();
  const attempts = takeUploads(world, proxy, { goesOnAt: 0, breaks: [] });
  for (let turn = 0; turn < 3; turn++) await tree.send(Buffer.alloc(3000), 'small.bin');
  await tree.send(Buffer.alloc(size), 'large.bin');
  await tree.send(Buffer.alloc(size), 'large.bin');
  const heads = attempts.map(({ bytes }) => bytes.subarray(0, 343).toString('hex'));
  expect(new Set(heads).size).toBe(attempts.length);
  expect(new Set(attempts.map(({ path }) => path)).size).toBe(attempts.length);
  const blocks = attempts.map(({ bytes }) => bytes.subarray(343, 343 + 64).toString('hex'));
  expect(new Set(blocks).size).toBe(attempts.length);
});
