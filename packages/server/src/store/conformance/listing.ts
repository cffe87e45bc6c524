import { comparePaths } from '@e2eeftp/protocol';

import { at, type StoreProbe, type SuiteContext } from './context.js';

/** Neighbours in some order or other: by bytes, by UTF-16 units, with or without the separator. */
const neighbours = [
  'a',
  'a!',
  'a!/x',
  'a!/y/z',
  'a-b',
  'a/a',
  'a/b',
  'a/b/a',
  'a/b!',
  'a0',
  'aa',
  'B',
  'b',
  'Z/z',
  'é',
  'z',
  '\uE000',
  '\uFFFD',
  '\u{10000}',
  '\u{1F4C1}/f',
];

/**
 * Listings are in the order of `comparePaths`, whole, and go on where they were left.
 *
 * @param context - the suite's
 */
export function listingTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  check('a listing is in order, of one level or of all', async (probe) => {
    const all = await plant(probe);
    expect(await probe.names('received/tree', { recursive: true })).toEqual(all);
    expect(await probe.names('received/tree')).toEqual(all.filter((path) => !path.includes('/')));
    const whole = await probe.names('', { recursive: true });
    expect(whole).toEqual([
      'received',
      'received/tree',
      ...all.map((path) => `received/tree/${path}`),
      'vaults',
    ]);
    expect(await probe.names('received/tree/a')).toEqual(['a', 'b', 'b!']);
  });

  check('what a listing says is what a look at each entry says', async (probe) => {
    await plant(probe);
    for (const entry of await probe.list('received/tree', { recursive: true })) {
      const path = `received/tree/${entry.path}`;
      const found = { ...(await probe.stat(path)), path: entry.path };
      const withoutEtag = found.type === 'file' ? {} : { etag: '' };
      expect({ ...entry, ...withoutEtag }).toEqual({ ...found, ...withoutEtag });
    }
  });

  check('a listing goes on behind any entry', async (probe) => {
    const all = await plant(probe);
    for (const recursive of [false, true]) {
      const whole = await probe.names('received/tree', { recursive });
      for (const after of all) {
        const rest = await probe.names('received/tree', { recursive, after: at(after) });
        expect(rest).toEqual(whole.filter((path) => comparePaths(path, after) > 0));
      }
    }
  });

  check('a listing goes on behind what is gone, or was never there', async (probe) => {
    const all = await plant(probe);
    await probe.delete('received/tree/a/b', true);
    const left = all.filter((path) => path !== 'a/b' && path !== 'a/b/a');
    for (const after of ['a/b', 'a/b/a', 'a/b/zzz', 'a/aa/b/c', '!', 'b/c/d', '\u{10FFFF}']) {
      const rest = await probe.names('received/tree', { recursive: true, after: at(after) });
      expect(rest).toEqual(left.filter((path) => comparePaths(path, after) > 0));
    }
  });

  check('pages put together are the whole listing', async (probe) => {
    const all = await plant(probe);
    const together: string[] = [];
    for (;;) {
      const after = together.at(-1);
      const page = await firstOf(probe, 3, after);
      if (page.length === 0) break;
      together.push(...page);
    }
    expect(together).toEqual(all);
  });

  check('a big folder is listed whole and in order', async (probe) => {
    const names = Array.from({ length: 600 }, (_, index) => `f${index * 7919}`);
    await Promise.all(names.map((name) => probe.put(`received/big/${name}`, '')));
    expect(await probe.names('received/big')).toEqual(names.sort(comparePaths));
  });

  check('an empty folder has an empty listing', async (probe) => {
    await probe.makeDirectory('received/d');
    expect(await probe.list('received/d', { recursive: true })).toEqual([]);
  });

  check('a listing that is left early leaves the store usable', async (probe) => {
    const all = await plant(probe);
    for (let turn = 0; turn < 50; turn++) {
      expect(await firstOf(probe, 6)).toEqual(all.slice(0, 6));
    }
    await probe.delete('received/tree', true);
    expect(await probe.names('received')).toEqual([]);
  });

  check('what vanishes during a listing is left out', async (probe) => {
    await plant(probe);
    const seen: string[] = [];
    for await (const entry of probe.store.list(at('received/tree'), { recursive: true })) {
      seen.push(entry.path);
      if (seen.length === 4) await probe.delete('received/tree', true);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort(comparePaths));
  });
}

/** Makes a tree in `received/tree` and says what is in it. */
async function plant(probe: StoreProbe): Promise<string[]> {
  const isFolder = (path: string): boolean =>
    neighbours.some((other) => other.startsWith(`${path}/`));
  for (const path of neighbours) {
    if (isFolder(path)) await probe.makeDirectory(`received/tree/${path}`);
    else await probe.put(`received/tree/${path}`, path);
  }
  const all = neighbours.flatMap((path) => {
    const components = path.split('/');
    return components.map((_, index) => components.slice(0, index + 1).join('/'));
  });
  return [...new Set(all)].sort(comparePaths);
}

async function firstOf(probe: StoreProbe, count: number, after?: string): Promise<string[]> {
  const names: string[] = [];
  const options = { recursive: true, after: after === undefined ? undefined : at(after) };
  for await (const entry of probe.store.list(at('received/tree'), options)) {
    names.push(entry.path);
    if (names.length === count) break;
  }
  return names;
}
