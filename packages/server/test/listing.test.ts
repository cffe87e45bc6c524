import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { CborMap, Entry } from '@e2eeftp/protocol';
import { parsePath } from '@e2eeftp/protocol';

import { Fixture } from './support/fixture.js';
import type { Peer } from './support/peer.js';

interface Page {
  readonly entries: readonly Entry[];
  readonly cursor?: string;
}

describe.each([
  { way: 'TCP', files: 'on disk', count: 3000 },
  { way: 'memory', files: 'in memory', count: 9000 },
] as const)('listings of $count entries, files $files', ({ way, files, count }) => {
  let fixture: Fixture;
  let peer: Peer;

  beforeEach(async () => {
    fixture = await Fixture.start({ way, files });
    peer = await fixture.connect();
  });
  afterEach(async () => {
    await fixture.close();
  });

  async function pages(args: CborMap): Promise<Page[]> {
    const all: Page[] = [];
    let cursor: string | undefined;
    do {
      const { status, result } = await peer.call('LIST', { path: 'received', ...args, cursor });
      expect(status).toBe(200);
      const page = result as unknown as Page;
      all.push(page);
      ({ cursor } = page);
      if (cursor !== undefined) expect(cursor).toBe(page.entries.at(-1)?.path);
    } while (cursor !== undefined);
    return all;
  }

  async function fill(name: (index: number) => string): Promise<void> {
    for (let index = 0; index < count; index++) {
      const upload = await fixture.store.createUpload({
        path: parsePath(`received/${name(index)}`),
      });
      await upload.commit({ overwrite: 'always' });
    }
  }

  test('come in pages that fit into an answer, nothing twice and nothing missing', async () => {
    const digits = `${count}`.length;
    const name = (index: number): string => `${index}`.padStart(digits, '0').padEnd(200, '-');
    await fill(name);
    const all = await pages({});
    expect(all.length).toBeGreaterThan(Math.floor((count * 200) / 1_048_576));
    const paths = all.flatMap(({ entries }) => entries.map(({ path }) => path));
    expect(paths).toEqual(Array.from({ length: count }, (_, index) => name(index)));
  });

  test('a page has no more entries than asked for', async () => {
    for (const name of ['a', 'b/c', 'b/d', 'e', 'f']) await peer.send(`received/${name}`, 'x');
    for (const limit of [1, 2, 3, 100]) {
      for (const [recursive, names] of [
        [false, ['a', 'b', 'e', 'f']],
        [true, ['a', 'b', 'b/c', 'b/d', 'e', 'f']],
      ] as const) {
        const all = await pages({ limit, recursive });
        for (const { entries } of all) expect(entries.length).toBeLessThanOrEqual(limit);
        expect(all.flatMap(({ entries }) => entries.map(({ path }) => path))).toEqual(names);
      }
    }
  });

  test('a cursor need not exist any more', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await peer.send(`received/${name}`, 'x');
    const first = await peer.call('LIST', { path: 'received', limit: 2 });
    expect(first.result).toMatchObject({ cursor: 'b' });
    await peer.call('DELETE', { path: 'received/b' });
    const { result } = await peer.call('LIST', { path: 'received', cursor: 'b' });
    expect((result as unknown as Page).entries.map(({ path }) => path)).toEqual(['c', 'd']);
  });
});
