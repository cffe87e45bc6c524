import { createHash } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatPublicKey, Identity } from '@e2eeftp/crypto';
import { smallDisk } from '@e2eeftp/testkit';
import { connectTcp } from '@e2eeftp/transport';
import { expect, test } from '@jest/globals';

import { patternBytes } from '../src/store/conformance/context.js';
import type { Child } from './store/child-process.js';
import { inTemporaryDirectory } from './store/temporary-directory.js';
import { startChild } from './support/child.js';
import { Peer } from './support/peer.js';

const mebibyte = 1024 * 1024;
const diskSize = 14 * mebibyte;
const path = 'received/resumed';
const upload = new Uint8Array(16).fill(7);
const ballast = patternBytes(3 * mebibyte, 3);
const resumed = patternBytes(6 * mebibyte, 5);

test('a full disk refuses what does not fit, and nothing else', async () => {
  await inTemporaryDirectory(async (directory) => {
    const { identity, data, clients } = await prepare(directory);
    const wrapper = await smallDisk(diskSize, data, clients);
    // Without the right to a disk, a limit on the size of files is the disk that ends.
    if (wrapper) await withServer(data, wrapper, identity, expectToOutliveFullDisk);
    else await expectToOutliveLimit(directory);
  });
});

// The system kills who goes beyond it, unless SIGXFSZ is ignored from the first to the last moment.
test('a limit on the size of files refuses what is larger, and nothing else', async () => {
  await inTemporaryDirectory(expectToOutliveLimit);
});

interface Preparation {
  readonly identity: Identity;
  /** The data directory, which is empty. */
  readonly data: string;
  /** A file that authorizes the identity. */
  readonly clients: string;
}

async function prepare(directory: string): Promise<Preparation> {
  const identity = Identity.generate();
  const data = join(directory, 'data');
  const clients = join(directory, 'authorized_clients.pub');
  await mkdir(data, { recursive: true });
  await writeFile(clients, `${formatPublicKey(identity.publicKey)}\n`);
  return { identity, data, clients };
}

async function expectToOutliveLimit(directory: string): Promise<void> {
  const { identity, data, clients } = await prepare(directory);
  await copyFile(clients, join(data, 'authorized_clients.pub'));
  const limit = ['prlimit', `--fsize=${4 * mebibyte}`];
  await withServer(data, limit, identity, expectToRefuseLarge);
}

type Connect = () => Promise<Peer>;

async function withServer(
  data: string,
  wrapper: readonly string[],
  identity: Identity,
  work: (connect: Connect) => Promise<void>,
): Promise<void> {
  const server: Child = await startChild('serve.mjs', [data], wrapper);
  const peers: Peer[] = [];
  try {
    const port = Number(await server.nextLine());
    await work(async () => {
      const transport = await connectTcp({ host: '127.0.0.1', port, timeout: 5000 });
      const peer = await Peer.connect(transport, identity);
      peers.push(peer);
      return peer;
    });
  } finally {
    for (const peer of peers) peer.transport.destroy();
    await server.kill();
  }
}

/** Reads a file again and again until it is told to stop, and expects it whole each time. */
async function readAlong(peer: Peer, signal: AbortSignal): Promise<number> {
  for (let count = 0; ; count++) {
    if (signal.aborted && count > 0) return count;
    const { status, body } = await peer.call('GET', { path: 'received/ballast' });
    expect(status).toBe(200);
    expect(body?.bytes.equals(ballast)).toBe(true);
  }
}

async function expectToOutliveFullDisk(connect: Connect): Promise<void> {
  const [writer, other, reader] = [await connect(), await connect(), await connect()];
  expect((await writer.send('received/ballast', ballast)).status).toBe(226);
  const kept = await breakOff(other);
  const stop = new AbortController();
  const reading = readAlong(reader, stop.signal);
  try {
    const stored = await fill(writer);
    expect(stored.length).toBeGreaterThan(0);
    // With its size announced it is refused as well, and what it would replace stays.
    expect((await writer.send('received/ballast', resumed, { size: resumed.length })).status).toBe(
      507,
    );
    expect(await goOn(other)).toBe(507);
    expect(await placeOf(other)).toBeGreaterThanOrEqual(kept);
    expect(await namesIn(writer)).toEqual(['ballast', ...stored].sort());
    for (const name of stored) {
      expect((await writer.call('DELETE', { path: `received/${name}` })).status).toBe(200);
    }
    expect((await writer.send('received/later', 'there is room again')).status).toBe(226);
    expect(await goOn(other)).toBe(226);
  } finally {
    stop.abort();
  }
  expect(await reading).toBeGreaterThan(0);
  const { body } = await writer.call('GET', { path });
  expect(body?.bytes.equals(resumed)).toBe(true);
  expect(await writer.get('received/later')).toBe('there is room again');
  expect(await namesIn(writer)).toEqual(['ballast', 'later', 'resumed']);
}

async function expectToRefuseLarge(connect: Connect): Promise<void> {
  const [writer, reader] = [await connect(), await connect()];
  expect((await writer.send('received/ballast', ballast)).status).toBe(226);
  const stop = new AbortController();
  const reading = readAlong(reader, stop.signal);
  expect((await writer.send('received/large', resumed)).status).toBe(413);
  expect((await writer.send('received/later', 'small')).status).toBe(226);
  stop.abort();
  expect(await reading).toBeGreaterThan(0);
  expect(await namesIn(writer)).toEqual(['ballast', 'later']);
}

/** Sends files until one does not fit; those before have to. */
async function fill(peer: Peer): Promise<string[]> {
  for (const names: string[] = []; ;) {
    const name = `filler-${names.length}`;
    const { status } = await peer.send(`received/${name}`, patternBytes(mebibyte + 1000));
    if (status === 507) return names;
    expect(status).toBe(226);
    names.push(name);
  }
}

/** Breaks an upload off, and says how many of its bytes are durable. */
async function breakOff(peer: Peer): Promise<number> {
  await peer.request('SEND', { path, size: resumed.length, upload }, true);
  await sendBytes(peer, resumed.subarray(0, 2 * mebibyte));
  await peer.end({ ok: false, text: '' });
  expect((await peer.answer()).status).toBe(400);
  const offset = await placeOf(peer);
  expect(offset).toBeGreaterThan(0);
  return offset;
}

/** Goes on with the upload where it is, and says how that is answered. */
async function goOn(peer: Peer): Promise<number> {
  const offset = await placeOf(peer);
  const rest = resumed.subarray(offset);
  await peer.request('SEND', { path, size: resumed.length, upload, offset }, true);
  await sendBytes(peer, rest);
  await peer.end({ ok: true, size: rest.length });
  return (await peer.answer()).status;
}

async function sendBytes(peer: Peer, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; start += 500_000) {
    await peer.data(bytes.subarray(start, start + 500_000));
  }
}

/** Where the upload goes on; the bytes before are as sent. */
async function placeOf(peer: Peer): Promise<number> {
  const { result } = await peer.call('RESUME', { upload, digest: true });
  const { offset, sha256 } = result as unknown as { offset: number; sha256: Uint8Array };
  const expected = createHash('sha256').update(resumed.subarray(0, offset)).digest();
  expect(expected.equals(sha256)).toBe(true);
  return offset;
}

async function namesIn(peer: Peer): Promise<string[]> {
  const { result } = await peer.call('LIST', { path: 'received' });
  return (result as unknown as { entries: { path: string }[] }).entries.map((entry) => entry.path);
}
