import { parsePath, type Entry, type RemotePath } from '@e2eeftp/protocol';
import { MemoryStore, StoreError, type ListOptions } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import type { Client, ClientError, ConnectOptions } from '../src/index.js';
import { pageSize } from '../src/listing.js';
import { failureOf } from './home/support.js';
import { startBreakingPair, type BreakingPair } from './support/breaking-pair.js';
import { collect } from './support/collect.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

/** Has as many files in `received` as a test wants, and does to each page what it wants. */
class PagedStore extends MemoryStore {
  /** Pages that were asked for. */
  asked = 0;
  /** What happens before a page, counted from 1. */
  before: (page: number) => Promise<void> | void = () => undefined;
  readonly #names: readonly RemotePath[];

  constructor(names: readonly RemotePath[]) {
    super();
    this.#names = names;
  }

  override async *list(_path: RemotePath, { after = parsePath('') }: ListOptions) {
    this.asked += 1;
    await this.before(this.asked);
    const file = { type: 'file', size: 1, mtime: 0, etag: 'e' } as const;
    for (const path of this.#names) if (path > after) yield { ...file, path };
  }
}

function namesOf(pages: number): RemotePath[] {
  return Array.from({ length: pages * pageSize }, (_, index) =>
    parsePath(`f${String(index).padStart(6, '0')}`),
  );
}

interface PagedPair extends BreakingPair {
  readonly store: PagedStore;
  readonly names: readonly RemotePath[];
}

/** A server of so many pages, and a client with one connection, where answers come in order. */
async function startPaged(pages: number, options?: Partial<ConnectOptions>): Promise<PagedPair> {
  const names = namesOf(pages);
  const store = new PagedStore(names);
  const pair = await startBreakingPair({ store, connect: { connections: 1, ...options } });
  return { ...pair, store, names };
}

/** Something that a page waits for until a test opens it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function take(
  listing: AsyncGenerator<Entry, void, void>,
  count: number,
): Promise<readonly string[]> {
  const paths: string[] = [];
  while (paths.length < count) {
    const { value } = await listing.next();
    if (value) paths.push(value.path);
    else break;
  }
  return paths;
}

/** Once this has ended, everything that was asked before has reached the store. */
async function settled(client: Client): Promise<void> {
  await client.ping();
}

describe('the next page of a listing', () => {
  test.each([0, 1, 3])('makes %d of them whole, each asked for once', async (pages) => {
    const { client, store, names } = await startPaged(pages);
    expect((await collect(client.list('received'))).map(({ path }) => path)).toEqual(names);
    expect(store.asked).toBe(Math.max(pages, 1));
  });

  test('is asked for while one is consumed, and no other', async () => {
    const { client, store, names } = await startPaged(4);
    const listing = client.list('received');
    await settled(client);
    expect(store.asked).toBe(0);
    expect(await take(listing, 1)).toEqual(names.slice(0, 1));
    for (const pages of [2, 3, 4, 4]) {
      await settled(client);
      expect(store.asked).toBe(pages);
      await take(listing, pageSize);
    }
    expect(await listing.next()).toEqual({ done: true, value: undefined });
  });

  test('is waited for no longer when the loop is left', async () => {
    const { client, store } = await startPaged(3);
    const { opened, open } = gate();
    store.before = (page) => (page === 2 ? opened : undefined);
    for await (const { path } of client.list('received')) {
      expect(path).toBe('f000000');
      break;
    }
    open();
    await settled(client);
    expect(store.asked).toBe(2);
    // What came too late was for nobody else.
    expect(await collect(client.list('received'))).toHaveLength(3 * pageSize);
    await client.close();
  });

  test('is asked for no more than once when the loop was left before it failed', async () => {
    const retries: ClientError[] = [];
    const { client, store } = await startPaged(3, {
      onRetry: ({ error }) => retries.push(error),
    });
    const { opened, open } = gate();
    store.before = async (page) => {
      if (page < 2) return;
      await opened;
      throw new StoreError('io', 'The disk is broken');
    };
    const listing = client.list('received');
    await take(listing, 1);
    await listing.return();
    open();
    await settled(client);
    expect({ retries, asked: store.asked }).toEqual({ retries: [], asked: 2 });
  });

  test('fails behind the entries that are before it', async () => {
    const { client, store, names } = await startPaged(3);
    store.before = (page) => {
      if (page === 2) throw new StoreError('io', 'The disk is broken');
    };
    const listing = client.list('received');
    expect(await take(listing, pageSize)).toEqual(names.slice(0, pageSize));
    expect((await failureOf(listing.next())).code).toBe('server-failed');
    expect(await listing.next()).toEqual({ done: true, value: undefined });
    expect(store.asked).toBe(2);
  });

  test('is asked for again when its connection breaks', async () => {
    const { store, names, join } = await startPaged(3);
    const { client, line } = await join();
    store.before = (page) => {
      if (page === 2) line.cut('down', 0);
    };
    expect((await collect(client.list('received'))).map(({ path }) => path)).toEqual(names);
    expect({ asked: store.asked, opened: line.opened }).toEqual({ asked: 4, opened: 2 });
    await client.close();
  });

  test('keeps no aborted loop going, whether it has come or not', async () => {
    const { client, store } = await startPaged(3);
    const { opened, open } = gate();
    for (const isHere of [true, false]) {
      store.asked = 0;
      store.before = (page) => (page === 2 && !isHere ? opened : undefined);
      const controller = new AbortController();
      const listing = client.list('received', { signal: controller.signal });
      await take(listing, pageSize - 1);
      if (isHere) await settled(client);
      controller.abort();
      expect((await failureOf(listing.next())).code).toBe('aborted');
      expect(await listing.next()).toEqual({ done: true, value: undefined });
    }
    open();
    await settled(client);
  });

  test('does not outlast the time of the loop', async () => {
    const { client, store } = await startPaged(3);
    const { opened, open } = gate();
    store.before = (page) => (page === 2 ? opened : undefined);
    const listing = collect(client.list('received', { timeout: 300 }));
    expect((await failureOf(listing)).code).toBe('timed-out');
    open();
    await settled(client);
  });

  test('comes before a client is closed, but none behind it', async () => {
    const { client, store } = await startPaged(4);
    const listing = client.list('received');
    await take(listing, 1);
    await client.close();
    await take(listing, 2 * pageSize - 1);
    expect((await failureOf(listing.next())).code).toBe('closed');
    expect(store.asked).toBe(2);
  });

  test('is cut short by a client that has no time left', async () => {
    const { client, store } = await startPaged(4);
    const { opened, open } = gate();
    store.before = (page) => (page === 2 ? opened : undefined);
    const listing = client.list('received');
    await take(listing, 1);
    const closing = client.close({ timeout: 0 });
    expect((await failureOf(collect(listing))).code).toBe('closed');
    open();
    await closing;
  });
});
