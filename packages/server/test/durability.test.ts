import { afterAll, describe, expect, test } from '@jest/globals';
import { Identity } from '@e2eeftp/crypto';
import { memoryTransportPair } from '@e2eeftp/transport';

import type { FileFixture } from './store/file-fixture.js';
import { installGate, orderOf } from './support/faults/system-calls.js';

const removeGate = await installGate();
const { withFileStore } = await import('./store/file-fixture.js');
const { keyOf, write } = await import('../src/store/conformance/context.js');
const { replaceFile } = await import('../src/replace-file.js');
const { Server } = await import('../src/server.js');
const { Peer } = await import('./support/peer.js');

afterAll(removeGate);

/** The calls of other threads would not be seen. */
function withWatchedStore(work: (fixture: FileFixture) => Promise<void>): Promise<void> {
  return withFileStore(work, { threads: 0 });
}

/** Of the events, those that these patterns stand for, each as its pattern's name. */
function inOrder(events: readonly string[], patterns: Readonly<Record<string, RegExp>>): string[] {
  return events.flatMap((event) =>
    Object.entries(patterns).flatMap(([name, pattern]) => (pattern.test(event) ? [name] : [])),
  );
}

const flushes = /^(?:fsync|sync|datasync) /u;

describe('a file is durable before anybody hears that it is stored', () => {
  const patterns = {
    'bytes are flushed': /^\/f?sync .*\/(?:uploads|resumable)\/.*(?<!\.new)$/u,
    'the file gets its place': /^(?:rename .*\/(?:uploads|resumable)\/.*(?<!\.new)|link .*)$/u,
    'the file has its place': /^\/(?:rename .*\/(?:uploads|resumable)\/.*(?<!\.new)|link .*)$/u,
    'the folder is being flushed': /^fsync .*\/received\/d$/u,
    'the folder is flushed': /^\/fsync .*\/received\/d$/u,
    answer: /^answer$/u,
  };
  const expected = Object.keys(patterns);

  const contents = { small: 'content', large: 'x'.repeat(100_000) };
  const cases = (['always', 'never'] as const).flatMap((overwrite) =>
    Object.entries(contents).map(([size, content]) => ({ overwrite, size, content })),
  );

  test.each(cases)('replacing it $overwrite, a $size one', async ({ overwrite, content }) => {
    await withWatchedStore(async ({ probe }) => {
      await probe.makeDirectory('received/d');
      const events = await orderOf(async () => {
        await probe.put('received/d/f', content, { overwrite });
        return 'answer';
      });
      expect(inOrder(events, patterns)).toEqual(expected);
    });
  });

  test('by an upload that can be resumed', async () => {
    await withWatchedStore(async ({ probe }) => {
      await probe.makeDirectory('received/d');
      const upload = await write(probe.resume('received/d/f', keyOf(1)), 'content');
      const events = await orderOf(async () => {
        await upload.commit({ overwrite: 'always' });
        return 'answer';
      });
      expect(inOrder(events, patterns)).toEqual(expected);
    });
  });

  test('by a client, before its 226', async () => {
    await withWatchedStore(async ({ probe }) => {
      await probe.makeDirectory('received/d');
      const client = Identity.generate();
      const { publicKey: identity } = client;
      const server = new Server({
        identity: Identity.generate(),
        authorizer: {
          authorize: () => Promise.resolve({ identity, name: undefined, access: 'rw' }),
        },
        store: probe.store,
      });
      const events = await orderOf(async () => {
        const [near, far] = memoryTransportPair();
        server.accept(far);
        const peer = await Peer.connect(near, client);
        const { status } = await peer.send('received/d/f', 'content');
        near.destroy();
        return status === 226 ? 'answer' : `answered by ${status}`;
      });
      expect(inOrder(events, patterns)).toEqual(expected);
      await server.close();
    });
  });
});

test('a new folder is durable in the one above before anything is put into it', async () => {
  await withWatchedStore(async ({ probe }) => {
    const events = await orderOf(async () => {
      await probe.put('received/a/b/f', 'content');
      return 'answer';
    });
    const patterns = {
      'a is made': /^\/mkdir .*\/received\/a$/u,
      'a is durable': /^\/fsync .*\/received$/u,
      'b is made': /^\/mkdir .*\/received\/a\/b$/u,
      'b is durable': /^\/fsync .*\/received\/a$/u,
      'the file is there': /^\/rename /u,
      'the file is durable': /^\/fsync .*\/received\/a\/b$/u,
    };
    expect(inOrder(events, patterns)).toEqual(Object.keys(patterns));
  });
});

test('what is renamed or deleted stays so', async () => {
  await withWatchedStore(async ({ probe }) => {
    await probe.put('received/a/f', 'content');
    await probe.makeDirectory('received/b');
    const events = await orderOf(async () => {
      await probe.rename('received/a/f', 'received/b/f', 'always');
      await probe.delete('received/b/f');
      await probe.delete('received/b', true);
      return 'answer';
    });
    const patterns = {
      'it is renamed': /^\/rename .*\/a\/f$/u,
      'its new folder is durable': /^\/fsync .*\/received\/b$/u,
      'its old folder is durable': /^\/fsync .*\/received\/a$/u,
      'it is deleted': /^\/unlink .*\/b\/f$/u,
      'its folder is deleted': /^\/rename .*\/received\/b$/u,
      'the branch is durable': /^\/fsync .*\/received$/u,
      answer: /^answer$/u,
    };
    const names = Object.keys(patterns);
    // The folder of the deleted file is flushed once more.
    names.splice(4, 0, 'its new folder is durable');
    expect(inOrder(events, patterns)).toEqual(names);
  });
});

test('what is told of an upload that is broken off is durable before', async () => {
  await withWatchedStore(async ({ probe }) => {
    const upload = await write(probe.resume('received/f', keyOf(1)), 'content');
    const events = await orderOf(async () => {
      await upload.suspend();
      return `told ${(await probe.find(keyOf(1))).offset}`;
    });
    const patterns = {
      'bytes are flushed': /^\/f?sync .*\.part$/u,
      'the journal is flushed': /^\/sync .*\.json\.new$/u,
      'the journal is replaced': /^\/rename .*\.json\.new$/u,
      told: /^told 7$/u,
    };
    expect(inOrder(events, patterns)).toEqual(Object.keys(patterns));
  });
});

test('a replaced file is durable, with its folder', async () => {
  await withWatchedStore(async ({ outside }) => {
    const events = await orderOf(async () => {
      await replaceFile(`${outside}/file`, 'text', { mode: 0o600 });
      return 'answer';
    });
    const patterns = {
      'its bytes are flushed': /^\/sync .*\/file\.new$/u,
      'it gets its name': /^rename /u,
      'it has its name': /^\/rename /u,
      'its folder is flushed': /^\/sync .*\/outside$/u,
      answer: /^answer$/u,
    };
    expect(inOrder(events, patterns)).toEqual(Object.keys(patterns));
  });
});

test('relaxed, nothing waits for the disk', async () => {
  await withFileStore(
    async ({ probe }) => {
      const events = await orderOf(async () => {
        await probe.put('received/a/f', 'content');
        await probe.rename('received/a/f', 'received/b/f');
        await probe.delete('received/b', true);
        return 'answer';
      });
      expect(events.filter((event) => flushes.test(event))).toEqual([]);
    },
    { durability: 'relaxed' },
  );
});
