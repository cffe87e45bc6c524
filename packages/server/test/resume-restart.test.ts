import { expect, test } from '@jest/globals';

import { fingerprint, Identity } from '@e2eeftp/crypto';
import { connectTcp, type Transport } from '@e2eeftp/transport';

import { FileStore, Server } from '../src/index.js';
import { inTemporaryDirectory } from './store/temporary-directory.js';
import { content, expectEmptyTree, path, ResumingClient } from './support/resuming-client.js';

const serverIdentity = Identity.generate();
const identity = Identity.generate();

interface Run {
  open(): Promise<Transport>;
  /** Ends the server without waiting for whatever is under way. */
  end(): Promise<void>;
}

/** Serves a directory to one client, as often as it is started. */
async function start(directory: string): Promise<Run> {
  const transports: Transport[] = [];
  const store = await FileStore.open({ directory });
  const server = new Server({
    identity: serverIdentity,
    authorizer: {
      authorize: (who) =>
        Promise.resolve(
          fingerprint(who) === fingerprint(identity.publicKey)
            ? { identity: who, name: 'client', access: 'rw' }
            : undefined,
        ),
    },
    store,
    limits: { drainTimeout: 0 },
  });
  await server.start({ port: 0 });
  return {
    async open() {
      const transport = await connectTcp({ ...server.address, timeout: 5000 });
      transports.push(transport);
      return transport;
    },
    async end() {
      const closed = server.close();
      for (const transport of transports) transport.destroy();
      await closed;
      await store.close();
    },
  };
}

async function during<Result>(
  directory: string,
  upload: Uint8Array | undefined,
  work: (client: ResumingClient) => Promise<Result>,
): Promise<Result> {
  const run = await start(directory);
  try {
    return await work(new ResumingClient(run, identity, upload));
  } finally {
    await run.end();
  }
}

test('an upload goes on with every new start of the server, to its end', async () => {
  await inTemporaryDirectory(async (directory) => {
    const size = content.length;
    const upload = await during(directory, undefined, async (client) => {
      const peer = await client.connect();
      await client.begin(peer, { size });
      await client.sendData(peer, content.subarray(0, 1_500_000));
      await client.untilFound(await client.connect());
      return client.upload;
    });
    for (let turn = 0; turn < 3; turn++) {
      await during(directory, upload, async (client) => {
        const peer = await client.connect();
        await expectEmptyTree(peer);
        const { offset } = await client.resumePoint(peer, { digest: true });
        await client.begin(peer, { size, offset });
        // The server ends while this is under way.
        await client.sendData(peer, content.subarray(offset, offset + 400_000));
      });
    }
    const done = await during(directory, upload, async (client) => {
      const { result } = await client.finish(await client.connect(), { size });
      const { mtime, etag, mode } = result as { mtime: number; etag: string; mode: number };
      return { size, mtime, etag, mode };
    });
    await during(directory, upload, async (client) => {
      const peer = await client.connect();
      expect(await client.resumePoint(peer)).toEqual({ offset: size, done });
      await client.expectRefusal(peer, { size }, 409);
      expect(await peer.get(path)).toBe(content.toString());
    });
  });
});

test('whatever the server had come to when it ended, the file is stored or can be', async () => {
  await inTemporaryDirectory(async (directory) => {
    for (let turn = 0; turn < 6; turn++) {
      const upload = await during(directory, undefined, async (client) => {
        const peer = await client.connect();
        await client.sendAndBreakOff(peer, content.subarray(0, 10));
        await client.begin(peer, { offset: 0, overwrite: 'always' });
        await client.sendData(peer, content);
        await peer.end({ ok: true, size: content.length });
        return client.upload;
      });
      await during(directory, upload, async (client) => {
        const peer = await client.connect();
        const { done } = await client.resumePoint(peer);
        if (!done) await client.finish(peer);
        expect(await peer.get(path)).toBe(content.toString());
      });
    }
  });
});
