import { appendFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { formatPublicKey, Identity } from '@e2eeftp/crypto';
import { connectTcp, type Transport } from '@e2eeftp/transport';

import { DataDirectory, Server } from '../../src/index.js';
import { makeTemporaryDirectory, removeDirectory } from '../store/temporary-directory.js';
import { Peer, type Ending } from '../support/peer.js';

const refused: Ending = { status: 403, text: 'Not allowed' };

const alice = Identity.generate();
const bob = Identity.generate();
const bobsLine = `${formatPublicKey(bob.publicKey)} name=bob`;

let directory: string;
let data: DataDirectory;
let server: Server;
let transports: Transport[];

beforeEach(async () => {
  directory = await makeTemporaryDirectory();
  data = await DataDirectory.open(directory);
  server = new Server(data);
  await server.start({ port: 0 });
  transports = [];
});
afterEach(async () => {
  for (const transport of transports) transport.destroy();
  await server.close();
  await data.close();
  await removeDirectory(directory);
});

/** Writes the file as an editor does that replaces it, with Bob always in it. */
async function authorize(...lines: string[]): Promise<void> {
  const path = join(directory, 'authorized_clients.pub');
  await writeFile(`${path}.new`, `# people\n${[bobsLine, ...lines].join('\n')}\n`);
  await rename(`${path}.new`, path);
}

/** Alice's line, with these options. */
function aliceMay(options = ''): string {
  return `${formatPublicKey(alice.publicKey)} ${options}`;
}

async function open(): Promise<Transport> {
  const transport = await connectTcp({ ...server.address, timeout: 10_000 });
  transports.push(transport);
  return transport;
}

async function enter(identity: Identity): Promise<Peer> {
  return Peer.connect(await open(), identity);
}

async function expectServed(peer: Peer): Promise<void> {
  expect(await peer.call('PING')).toMatchObject({ status: 200 });
}

async function expectTurnedAway(identity: Identity): Promise<void> {
  const peer = new Peer(await open(), identity);
  await peer.begin();
  expect(await peer.ending()).toEqual(refused);
}

describe('an open session', () => {
  test('ends when its time is over, though nobody touches the file', async () => {
    // Whole seconds are all that can be written.
    const expires = 1000 * Math.ceil((Date.now() + 700) / 1000);
    const written = new Date(expires).toISOString().replace('.000', '');
    await authorize(aliceMay(`expires=${written}`));
    const [peer, other] = [await enter(alice), await enter(bob)];
    await expectServed(peer);
    expect(await peer.ending()).toEqual(refused);
    expect(Date.now()).toBeGreaterThanOrEqual(expires);
    await expectTurnedAway(alice);
    await expectServed(other);
  });

  test.each([
    ['left the file', undefined],
    ['may only read now', 'access=ro'],
    ['has a home now', 'home=alice'],
    ['has expired long ago', 'expires=2001-01-01'],
    ['has an option that is not valid', 'expires=2027-13-01'],
  ])('ends when its key %s', async (_what, options) => {
    await authorize(aliceMay('name=alice'));
    const [idle, busy, other] = [await enter(alice), await enter(alice), await enter(bob)];
    await busy.request('SEND', { path: 'received/f' }, true);
    await busy.data(Buffer.alloc(1000));
    await authorize(...(options === undefined ? [] : [aliceMay(options)]));
    expect(await idle.ending()).toEqual(refused);
    expect(await busy.ending()).toBe('cut off');
    await expectServed(other);
    expect(await other.get('received/f')).toBe(404);
  });

  test('ends when its home is another', async () => {
    await authorize(aliceMay('home=old'));
    const peer = await enter(alice);
    await peer.send('received/f', 'old');
    await authorize(aliceMay('home=new'));
    expect(await peer.ending()).toEqual(refused);
    const again = await enter(alice);
    expect(await again.get('received/f')).toBe(404);
    const other = await enter(bob);
    expect(await other.get('received/old/f')).toBe('old');
  });

  test('goes on when what has changed concerns it little or not at all', async () => {
    const carol = Identity.generate();
    const carolsLine = formatPublicKey(carol.publicKey);
    await authorize(aliceMay('name=alice home=in expires=2999-01-01'), carolsLine);
    const peer = await enter(alice);
    const other = await enter(carol);
    await authorize('# more', aliceMay('expires=2999-12-31 home=in name=al v1'));
    // She came later, and is looked at later.
    expect(await other.ending()).toEqual(refused);
    await expectServed(peer);
    expect(await peer.call('WHOAMI')).toMatchObject({ result: { name: 'alice' } });
  });

  test('goes on while an editor writes the file anew, in two steps', async () => {
    const carol = Identity.generate();
    await authorize(aliceMay(), formatPublicKey(carol.publicKey));
    const [peer, other] = [await enter(alice), await enter(carol)];
    await authorize();
    await delay(50);
    await authorize(aliceMay());
    expect(await other.ending()).toEqual(refused);
    await expectServed(peer);
  });

  test('ends when the file is gone, and nobody can come', async () => {
    await authorize(aliceMay());
    const peers = [await enter(alice), await enter(bob)];
    await rm(join(directory, 'authorized_clients.pub'));
    for (const peer of peers) expect(await peer.ending()).toEqual(refused);
    await expectTurnedAway(alice);
    await expectTurnedAway(bob);
  });

  test('ends although the file changes all the time', async () => {
    await authorize(aliceMay());
    const [peer, other] = [await enter(alice), await enter(bob)];
    await authorize();
    const state = { isOver: false };
    const editing = (async () => {
      while (!state.isOver) {
        await appendFile(join(directory, 'authorized_clients.pub'), '# one more line\n');
        await delay(20);
      }
    })();
    expect(await peer.ending()).toEqual(refused);
    state.isOver = true;
    await editing;
    await expectServed(other);
  });
});

describe('a transfer of a key that is removed', () => {
  test('ends in the middle of an upload, of which nothing stays', async () => {
    await authorize(aliceMay());
    const peer = await enter(alice);
    await peer.request('SEND', { path: 'received/f' }, true);
    await authorize();
    let sent = 0;
    const sending = (async () => {
      for (; ; sent += 100_000) await peer.data(Buffer.alloc(100_000));
    })();
    expect(await peer.ending()).toBe('cut off');
    await expect(sending).rejects.toMatchObject({ code: 'reset' });
    expect(sent).toBeGreaterThan(0);
    const other = await enter(bob);
    expect(await other.get('received/f')).toBe(404);
    while (server.connections > 1) await delay(5);
    expect(await readdir(join(directory, '.e2eeftp/uploads'))).toEqual([]);
  });

  test('ends in the middle of a download', async () => {
    await authorize(aliceMay());
    const owner = await enter(bob);
    await owner.send('received/f', Buffer.alloc(40_000_000));
    const peer = await enter(alice);
    // More than can be on its way at once.
    for (let index = 0; index < 10; index++) await peer.request('GET', { path: 'received/f' });
    await authorize();
    let bodies = 0;
    let isClosed = false;
    const reading = (async () => {
      for (let event = await peer.next(); event; event = await peer.next()) {
        if (event.type === 'end') bodies++;
        isClosed ||= event.type === 'close';
        // As slowly as a download over a network is.
        await delay(1);
      }
    })();
    await reading.catch(() => undefined);
    expect({ isCutOff: bodies < 10, isClosed }).toEqual({ isCutOff: true, isClosed: false });
    await expectServed(owner);
  });

  test('ends although its client neither sends nor reads', async () => {
    await authorize(aliceMay());
    const owner = await enter(bob);
    await owner.send('received/f', Buffer.alloc(20_000_000));
    const [sender, reader] = [await enter(alice), await enter(alice)];
    await sender.request('SEND', { path: 'received/g' }, true);
    for (let index = 0; index < 4; index++) await reader.request('GET', { path: 'received/f' });
    await authorize();
    while (server.connections > 1) await delay(5);
    await expectServed(owner);
  });
});
