import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import {
  FileTransferJournal,
  VaultUploads,
  type Client,
  type ConnectOptions,
} from '../../src/index.js';
import { versionOf } from '../../src/transfer/source-version.js';
import type { VaultTree } from '../../src/vault/vault-tree.js';
import { failureOf, makeFolder } from '../home/support.js';
import { connectOverLine, type Line } from '../support/breaking-pair.js';
import { collect } from '../support/collect.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { startPair } from '../tree/support.js';
import { makeOwnVault } from './vault-lines.js';

expectNoUnhandledRejections();

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const size = 4 * mebibyte + 100;
/** Large enough for a part of it to be kept, though not all has come. */
const large = 6 * mebibyte + 100;
/** What is on its way when a line breaks, and what handshakes, listings and one leaf take. */
const lost = 2560 * kibibyte;

interface Opened {
  readonly client: Client;
  readonly line: Line;
  readonly tree: VaultTree;
}

interface World {
  /** The vault over a line that nothing disturbs. */
  readonly other: VaultTree;
  readonly otherClient: Client;
  /** Opens the vault over a line that can break. */
  enter(options?: Partial<ConnectOptions>): Promise<Opened>;
  /** What two runs of a program have in common. */
  readonly home: string;
}

async function startWorld(): Promise<World> {
  const vault = await makeOwnVault();
  const pair = await startPair({ onDisk: true, connect: { identity: vault.identity } });
  await vault.begin(pair.client);
  const home = await makeFolder();
  const server = pair.client.greeting.facts.peerIdentity;
  const uploads = (): VaultUploads => new VaultUploads(join(home, 'vault-uploads'));
  return {
    home,
    other: await vault.open(pair.client),
    otherClient: pair.client,
    enter: async (options) => {
      const joined = await connectOverLine(pair.server, {
        ...{ identity: vault.identity, server },
        ...{ journal: new FileTransferJournal(join(home, 'transfers')), ...options },
      });
      return { ...joined, tree: await vault.open(joined.client, uploads()) };
    },
  };
}

async function makeSource(): Promise<{ path: string; bytes: Buffer }> {
  const path = join(await makeFolder(), 'source');
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  await untilSettled(path);
  return { path, bytes };
}

async function untilSettled(path: string): Promise<void> {
  while (!versionOf(await stat(path, { bigint: true })).isSettled) await delay(50);
}

async function expectOnly(tree: VaultTree, name: string, bytes: Buffer): Promise<void> {
  expect((await collect(tree.list(''))).map(({ path }) => path)).toEqual([name]);
  expect((await tree.getBytes(name)).equals(bytes)).toBe(true);
}

/** Ends a run in the middle, as if its time were over. */
async function sendUntil(opened: Opened, path: string, bytes: number): Promise<void> {
  const controller = new AbortController();
  const sending = opened.tree.send(path, 'x', {
    signal: controller.signal,
    onProgress: ({ transferred }) => {
      if (transferred >= bytes) controller.abort();
    },
  });
  expect((await failureOf(sending)).code).toBe('aborted');
  await opened.client.close();
}

async function getUntil(opened: Opened, target: string, bytes: number): Promise<void> {
  const controller = new AbortController();
  const getting = opened.tree.get('x', target, {
    signal: controller.signal,
    onProgress: ({ transferred }) => {
      if (transferred >= bytes) controller.abort();
    },
  });
  expect((await failureOf(getting)).code).toBe('aborted');
  await opened.client.close();
}

describe('an upload into a vault', () => {
  test.each([0, 1, 200_000, 1_100_000, 2_000_000, 3_333_333, 4_190_000, 4_195_000])(
    'goes on when the line breaks after %i bytes',
    async (after) => {
      const { enter, other } = await startWorld();
      const { path, bytes } = await makeSource();
      for (const [index, source] of [path, bytes, new Blob([bytes])].entries()) {
        const { client, line, tree } = await enter();
        await tree.send(Buffer.from('older'), 'x');
        line.cut('up', after);
        const before = line.passed.up;
        const sent = await tree.send(source, 'x', { checksum: index === 0 });
        expect(sent.size).toBe(size);
        expect(line.opened).toBe(2);
        expect(line.passed.up - before).toBeLessThan(size + lost);
        await client.close();
        await expectOnly(other, 'x', bytes);
      }
    },
    60_000,
  );

  test('is gone on with by a later run', async () => {
    const world = await startWorld();
    const { path, bytes } = await makeSource();
    await sendUntil(await world.enter(), path, 3 * mebibyte);
    const folder = join(world.home, 'vault-uploads');
    const names = await readdir(folder);
    expect(names.length).toBe(1);
    expect((await stat(join(folder, names[0] ?? ''))).mode & 0o777).toBe(0o600);
    const { client, line, tree } = await world.enter();
    const before = line.passed.up;
    await tree.send(path, 'x');
    expect(line.passed.up - before).toBeLessThan(2.5 * mebibyte);
    await client.close();
    expect(await readdir(folder)).toEqual([]);
    await expectOnly(world.other, 'x', bytes);
  });

  test.each([
    ['the source has changed', async (path: string) => writeFile(path, randomBytes(size))],
    [
      'its notes are damaged',
      async (_path: string, notes: string) => {
        const bytes = await readFile(notes);
        bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1;
        await writeFile(notes, bytes);
      },
    ],
    [
      'a tag in its notes is another',
      async (_path: string, notes: string) => {
        const bytes = await readFile(notes);
        const last = bytes.length - 1;
        bytes[last] = (bytes[last] as number) ^ 1;
        await writeFile(notes, bytes);
      },
    ],
    [
      'its notes have lost their end',
      async (_path: string, notes: string) => {
        const bytes = await readFile(notes);
        await writeFile(notes, bytes.subarray(0, 900));
      },
    ],
    ['its notes are empty', (_path: string, notes: string) => writeFile(notes, '')],
    [
      'the machine was started anew',
      async (_path: string, notes: string) => {
        const text = await readFile(notes, 'latin1');
        const boot = /"boot":"([^"]+)"/u.exec(text)?.[1] ?? '';
        const other = boot.replace(/./u, (first) => (first === '0' ? '1' : '0'));
        await writeFile(notes, text.replaceAll(boot, other), 'latin1');
      },
    ],
  ])('begins anew with other keys when %s', async (_name, spoil) => {
    const world = await startWorld();
    const { path } = await makeSource();
    await sendUntil(await world.enter(), path, 3 * mebibyte);
    const folder = join(world.home, 'vault-uploads');
    const [name = ''] = await readdir(folder);
    await spoil(path, join(folder, name));
    await untilSettled(path);
    const { client, tree } = await world.enter();
    await tree.send(path, 'x');
    await client.close();
    await expectOnly(world.other, 'x', await readFile(path));
    expect(await readdir(folder)).toEqual([]);
  });

  test('is not gone on with when it would replace something else', async () => {
    const world = await startWorld();
    const { path, bytes } = await makeSource();
    await sendUntil(await world.enter(), path, 3 * mebibyte);
    await world.other.send(Buffer.from('meanwhile'), 'x');
    const { client, tree } = await world.enter();
    await tree.send(path, 'x');
    await client.close();
    await expectOnly(world.other, 'x', bytes);
  });

  test('of a stream fails, and leaves what was there', async () => {
    const { enter, other } = await startWorld();
    const { client, line, tree } = await enter();
    await tree.send(Buffer.from('older'), 'x');
    line.cut('up', mebibyte);
    const sending = tree.send([Buffer.alloc(size)], 'x');
    expect((await failureOf(sending)).code).toBe('disconnected');
    await client.close();
    await expectOnly(other, 'x', Buffer.from('older'));
  });
});

describe('a download from a vault', () => {
  test.each([0, 1, 200_000, 1_100_000, 2_000_000, 3_333_333, 4_190_000, 4_196_000])(
    'goes on when the line breaks after %i bytes',
    async (after) => {
      const { enter, other } = await startWorld();
      const bytes = randomBytes(size);
      await other.send(bytes, 'x');
      const { client, line, tree } = await enter();
      const folder = await makeFolder();
      line.cut('down', after);
      const before = line.passed.down;
      await tree.get('x', join(folder, 'x'));
      expect(line.opened).toBe(2);
      expect(line.passed.down - before).toBeLessThan(size + lost);
      expect((await readFile(join(folder, 'x'))).equals(bytes)).toBe(true);
      line.cut('down', after);
      expect((await tree.getBytes('x')).equals(bytes)).toBe(true);
      await client.close();
    },
  );

  test('is gone on with by a later run', async () => {
    const world = await startWorld();
    const bytes = randomBytes(large);
    await world.other.send(bytes, 'x');
    const folder = await makeFolder();
    const target = join(folder, 'x');
    await getUntil(await world.enter(), target, 5 * mebibyte);
    expect((await readdir(folder)).length).toBe(1);
    const { client, line, tree } = await world.enter();
    const before = line.passed.down;
    await tree.get('x', target);
    expect(line.passed.down - before).toBeLessThan(2.5 * mebibyte);
    await client.close();
    expect(await readdir(folder)).toEqual(['x']);
    expect((await readFile(target)).equals(bytes)).toBe(true);
  });

  test.each([
    [
      'the file was replaced',
      async ({ other }: World) => {
        await other.send(randomBytes(large), 'x');
      },
    ],
    [
      'what had come was changed',
      async (_world: World, part: string) => {
        const bytes = await readFile(part);
        bytes[77] = (bytes[77] as number) ^ 1;
        await writeFile(part, bytes);
      },
    ],
  ])('begins anew when %s', async (_name, spoil) => {
    const world = await startWorld();
    await world.other.send(randomBytes(large), 'x');
    const folder = await makeFolder();
    const target = join(folder, 'x');
    await getUntil(await world.enter(), target, 5 * mebibyte);
    const [part = ''] = await readdir(folder);
    await spoil(world, join(folder, part));
    const { client, tree } = await world.enter();
    await tree.get('x', target);
    await client.close();
    expect(await readdir(folder)).toEqual(['x']);
    expect((await readFile(target)).equals(await world.other.getBytes('x'))).toBe(true);
  });
});
