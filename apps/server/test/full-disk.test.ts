import { randomBytes } from 'node:crypto';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Client } from '@e2eeftp/client';
import { Identity } from '@e2eeftp/server';
import { smallDisk } from '@e2eeftp/testkit';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { keyOf, Playground } from './support/program.js';

const mebibyte = 1024 * 1024;
const diskSize = 8 * mebibyte;
const identity = Identity.generate();
const ballast = randomBytes(2 * mebibyte);
let playground: Playground;

beforeEach(async () => {
  playground = await Playground.make();
  await playground.run(['authorize', keyOf(identity)]);
});

afterEach(async () => {
  await playground.remove();
});

async function contentOf(client: Client, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of client.read(path)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Sends files until one does not fit; those before have to. */
async function fill(client: Client): Promise<string[]> {
  for (const paths: string[] = []; ;) {
    const path = `received/filler-${paths.length}`;
    const code = await client.send(randomBytes(mebibyte), path).then(
      () => undefined,
      (error: unknown) => (error as { code?: unknown }).code,
    );
    if (code === 'no-space') return paths;
    expect(code).toBeUndefined();
    paths.push(path);
  }
}

test.each([
  ['by one process', []],
  ['by several', ['--workers', '2']],
])(
  'a full disk, served %s: what is there is served, and what fits again is stored',
  async (_how, args) => {
    // The key comes into being where it can be read.
    await (await playground.start()).end();
    const disk = join(playground.data, 'disk');
    const seed = join(playground.data, 'seed');
    await mkdir(disk);
    await mkdir(seed);
    for (const name of ['server_id.key', 'known_server.pub', 'authorized_clients.pub']) {
      await cp(join(playground.data, name), join(seed, name));
    }
    const ownDisk = await smallDisk(diskSize, disk, `${seed}/.`);
    const isDisk = ownDisk !== undefined;
    // Without the right to a disk, a limit on the size of files is the disk that ends.
    const wrapper = ownDisk ?? ['prlimit', `--fsize=${diskSize / 2}`];
    if (!isDisk) await cp(seed, disk, { recursive: true });
    const server = playground.launch(['start', '--data', disk, '--port', '0', ...args], {
      wrapper,
    });
    await server.listening();
    const writer = await playground.connect(server, identity);
    const reader = await playground.connect(server, identity);
    await writer.send(ballast, 'received/ballast');
    if (isDisk) {
      const filled = await fill(writer);
      expect(filled.length).toBeGreaterThan(0);
      const large = randomBytes(4 * mebibyte);
      await expect(writer.send(large, 'received/ballast')).rejects.toMatchObject({
        code: 'no-space',
      });
      expect((await contentOf(reader, 'received/ballast')).equals(ballast)).toBe(true);
      for (const path of filled) await writer.remove(path);
    } else {
      const large = randomBytes(5 * mebibyte);
      await expect(writer.send(large, 'received/large')).rejects.toMatchObject({
        code: 'too-large',
      });
    }
    const later = randomBytes(3 * mebibyte);
    await writer.send(later, 'received/later');
    expect((await contentOf(reader, 'received/later')).equals(later)).toBe(true);
    expect((await contentOf(reader, 'received/ballast')).equals(ballast)).toBe(true);
    const names: string[] = [];
    for await (const { path } of reader.list('received')) names.push(path);
    expect(names).toEqual(['ballast', 'later']);
    expect((await server.end()).exitCode).toBe(0);
  },
  60_000,
);
