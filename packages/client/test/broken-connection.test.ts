import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parsePath } from '@e2eeftp/protocol';
import { MemoryStore, Server } from '@e2eeftp/server';
import { memoryTransportPair, TransportError, type Transport } from '@e2eeftp/transport';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { ClientError, connect, Identity, type ClientErrorCode } from '../src/index.js';
import { makeFolder } from './home/support.js';
import { filtered } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const content = Buffer.from('a file');
const identity = Identity.generate();
const client = Identity.generate();
const store = new MemoryStore();
const server = new Server({
  identity,
  authorizer: { authorize: async (who) => ({ identity: who, name: undefined, access: 'rw' }) },
  store,
  // Every failure here is one of a handshake, from one address.
  limits: { delaysFailures: false },
});
let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  const upload = await store.createUpload({ path: parsePath('received/a'), size: undefined });
  await upload.write([content]);
  await upload.commit({ overwrite: 'always' });
});

afterAll(async () => {
  await server.close();
  await store.close();
});

/** How a conversation went: what each step gave. */
interface Outcome {
  readonly connected: boolean;
  readonly pinged: boolean;
  readonly got: boolean;
  readonly code: ClientErrorCode | undefined;
}

/** Connects, pings and gets a file, over a transport that a test tampers with. */
async function converse(
  tamper: (inner: Transport) => Transport,
  place: string,
  progress = 5000,
): Promise<Outcome> {
  let connected = false;
  let pinged = false;
  let openings = 0;
  try {
    const peer = await connect({
      connections: 1,
      retries: 0,
      identity: client,
      server: identity.publicKey,
      timeouts: { handshake: progress, progress },
      openTransport: () => {
        openings += 1;
        const [near, far] = memoryTransportPair();
        if (openings > 1) return Promise.reject(new TransportError('refused', 'only once'));
        server.accept(far);
        return Promise.resolve(tamper(near));
      },
    });
    connected = true;
    try {
      await peer.ping();
      pinged = true;
      await peer.get('received/a', join(place, 'a'));
    } finally {
      await peer.close();
    }
    return { connected, pinged, got: true, code: undefined };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { connected, pinged, got: false, code: error.code };
  }
}

/** Lets so many bytes in; the rest is cut off, in one way or the other. */
function cutAfter(inner: Transport, count: number, isReset: boolean): Transport {
  let left = count;
  return {
    ...filtered(inner, (chunk) => chunk),
    async read() {
      if (left === 0 && isReset) throw new TransportError('reset', 'cut off');
      const passed = left === 0 ? undefined : (await inner.read())?.subarray(0, left);
      left -= passed?.length ?? 0;
      return passed;
    },
  };
}

async function lengthOfConversation(): Promise<number> {
  let length = 0;
  const outcome = await converse(
    (inner) =>
      filtered(inner, (chunk) => {
        length += chunk.length;
        return chunk;
      }),
    folder,
  );
  expect(outcome).toEqual({ connected: true, pinged: true, got: true, code: undefined });
  return length;
}

describe('a connection that breaks', () => {
  test('at any byte of the server’s stream breaks nothing else', async () => {
    const length = await lengthOfConversation();
    const counts = { connected: 0, pinged: 0, got: 0 };
    for (let count = 0; count < length; count++) {
      const place = join(folder, String(count));
      await mkdir(place);
      const { connected, pinged, got, code } = await converse(
        (inner) => cutAfter(inner, count, count % 2 === 1),
        place,
      );
      counts.connected += Number(connected);
      counts.pinged += Number(pinged);
      counts.got += Number(got);
      // The file is there, whole, if and only if the client says so; nothing else ever is.
      const names = await readdir(place);
      expect({ count, names }).toEqual({ count, names: got ? ['a'] : [] });
      if (got) expect(await readFile(join(place, 'a'))).toEqual(content);
      // A next request after the break goes to a server that is not there any more.
      else
        expect({ count, code }).toEqual({
          count,
          code: expect.stringMatching(/^(?:disconnected|unreachable)$/u),
        });
    }
    // Each step came through from a certain byte on, and none came through before the one ahead.
    expect(counts.connected).toBeLessThan(length - 1000);
    expect(counts.pinged).toBeLessThan(counts.connected);
    expect(counts.got).toBeLessThan(counts.pinged);
    expect(counts.got).toBeGreaterThan(0);
  }, 60_000);

  test('one changed bit anywhere is noticed', async () => {
    const length = await lengthOfConversation();
    const place = join(folder, 'flipped');
    await mkdir(place);
    for (let at = 0; at < length; at += 13) {
      let position = 0;
      const flip = (inner: Transport): Transport =>
        filtered(inner, (chunk) => {
          const copy = Uint8Array.from(chunk);
          const index = at - position;
          position += chunk.length;
          const byte = copy[index];
          if (byte !== undefined) copy[index] = byte ^ (1 << (at % 8));
          return copy;
        });
      const { got, code } = await converse(flip, place, 50);
      // What follows the file's last byte is the server's farewell, which changes nothing.
      if (at < length - 40) expect({ at, got }).toEqual({ at, got: false });
      // A changed length may leave the client waiting for bytes that never come.
      if (!got) {
        expect({ at, code }).toEqual({
          at,
          code: expect.stringMatching(/^(?:not-e2eeftp|timed-out|unreachable)$/u),
        });
        expect(await readdir(place)).toEqual([]);
      }
    }
  }, 60_000);

  test('byte by byte, a conversation succeeds', async () => {
    const place = join(folder, 'slow');
    await mkdir(place);
    const waiting: Uint8Array[] = [];
    const outcome = await converse(
      (inner) => ({
        ...filtered(inner, (chunk) => chunk),
        async read() {
          if (waiting.length === 0) {
            const chunk = await inner.read();
            if (!chunk) return undefined;
            waiting.push(...Array.from(chunk, (byte) => Uint8Array.of(byte)));
          }
          return waiting.shift();
        },
      }),
      place,
    );
    expect(outcome).toEqual({ connected: true, pinged: true, got: true, code: undefined });
    expect(await readFile(join(place, 'a'))).toEqual(content);
  });
});
