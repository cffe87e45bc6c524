import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parsePath, type RemotePath } from '@e2eeftp/protocol';

import { StoreProbe } from '../src/store/conformance/context.js';
import { HomeStore } from '../src/store/home-store.js';
import { FileStore, MemoryStore, type Store } from '../src/index.js';
import { makeTemporaryDirectory, removeDirectory } from './store/temporary-directory.js';
import { watched } from './support/watched-store.js';

const home = parsePath('received/team/alice');

let directory: string;
let base: Store;
let all: StoreProbe;
let asked: RemotePath[];
let probe: StoreProbe;

const kinds: Readonly<Record<string, () => Promise<Store>>> = {
  'in memory': async () => new MemoryStore(),
  'on disk': () => FileStore.open({ directory, durability: 'relaxed' }),
};

/** Everything in the tree, with the contents of files. */
async function snapshot(of: StoreProbe, except: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const { path, type } of await of.list('', { recursive: true })) {
    if (path === except || path.startsWith(`${except}/`)) continue;
    tree[path] = type === 'file' ? await of.getText(path) : '';
  }
  return tree;
}

function isInside(path: RemotePath): boolean {
  return (
    ['', 'vaults', home].some((place) => path === place) ||
    /^(?:vaults|received\/team\/alice)\//u.test(path)
  );
}

describe.each(Object.entries(kinds))('a home %s', (_name, openBase) => {
  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
    base = await openBase();
    all = new StoreProbe(base);
    asked = [];
    for (const path of ['secret', 'team/bob/secret', 'team/alice-too/secret', 'team/alice2']) {
      await all.put(`received/${path}`, `outside ${path}`);
    }
    await all.put('vaults/v/f', 'vault');
    probe = new StoreProbe(await HomeStore.open(watched(base, asked), { home }));
    await probe.put('received/f', 'F');
    await probe.put('received/d/g', 'G');
  });
  afterEach(async () => {
    await base.close();
    await removeDirectory(directory);
  });

  test('lets no path lead out of it, whatever is asked', async () => {
    const part = fc.constantFrom(
      ...['..', '.', '', 'received', 'team', 'alice', 'bob', 'secret', 'f', 'd', 'g', 'vaults'],
      ...[
        'alice-too',
        '.e2eeftp',
        'RECEIVED',
        'Received',
        'received\u0000',
        '~',
        '*',
        '\\',
        '%2e%2e',
      ],
    );
    const path = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/'));
    const before = await snapshot(all, home);
    const ask = (from: string, to: string): Promise<unknown>[] => {
      const places = [from, to] as [never, never];
      const store = probe.store;
      return [
        store.stat(places[0]),
        store.open(places[0]).then((reader) => reader.close()),
        store.makeDirectory(places[0]),
        store.delete(places[0], { recursive: true }),
        store.rename(...places, 'always'),
        store.createUpload({ path: places[1] }).then(async (upload) => {
          await upload.write([Buffer.from('X')]);
          return upload.commit({ overwrite: 'always' });
        }),
        (async () => {
          const entries = store.list(places[0], { recursive: true })[Symbol.asyncIterator]();
          while ((await entries.next()).done !== true);
        })(),
      ];
    };
    await fc.assert(
      fc.asyncProperty(path, path, async (from, to) => {
        // Also what never passes the path rules, as if they were not there.
        fc.pre(!from.startsWith('vaults/') && !to.startsWith('vaults/'));
        await Promise.allSettled(ask(from, to));
      }),
      { numRuns: 400 },
    );
    expect(asked.length).toBeGreaterThan(1000);
    const outside = asked.filter((place) => !isInside(place) && isReachable(place));
    expect(outside).toEqual([]);
    expect(await snapshot(all, home)).toEqual(before);
  });

  test('lists its root at every cursor as it does without', async () => {
    for (const name of ['.e2eeftp-notes', ' ', 'a', 'a b', 'z/é/\u{1F600}', 'received', 'vaults']) {
      await probe.put(`received/x/${name}`, name);
      if (!name.includes('/')) await probe.put(`received/${name}/inner`, name);
    }
    for (const recursive of [true, false]) {
      const names = await probe.names('', { recursive });
      expect(names.slice(0, 1)).toEqual(['received']);
      expect(names.filter((name) => name.startsWith('received/team'))).toEqual([]);
      for (const [index, name] of names.entries()) {
        const after = parsePath(name);
        expect(await probe.names('', { recursive, after })).toEqual(names.slice(index + 1));
      }
      expect(await probe.names('', { recursive, after: parsePath('zzz') })).toEqual([]);
      expect(await probe.names('', { recursive, after: parsePath('a') })).toEqual(names);
    }
    const inside = await probe.names('received', { recursive: true });
    for (const [index, name] of inside.entries()) {
      const after = name as RemotePath;
      const rest = await probe.names('received', { recursive: true, after });
      expect(rest).toEqual(inside.slice(index + 1));
    }
  });

  test('can itself be neither deleted nor renamed nor replaced', async () => {
    const notAllowed = { code: 'not-allowed' };
    for (const branch of ['', 'received', 'vaults']) {
      await expect(probe.delete(branch, true)).rejects.toMatchObject(notAllowed);
      await expect(probe.delete(branch)).rejects.toMatchObject(notAllowed);
      await expect(probe.rename(branch, 'received/x')).rejects.toMatchObject(notAllowed);
      await expect(probe.rename('received/f', branch, 'always')).rejects.toMatchObject(notAllowed);
      await expect(probe.put(branch, 'X')).rejects.toMatchObject(notAllowed);
      await expect(probe.get(branch)).rejects.toMatchObject({ code: 'not-found' });
    }
    await expect(probe.rename('received/d', 'vaults/d')).rejects.toMatchObject(notAllowed);
    await probe.makeDirectory('received');
    expect(await probe.getText('received/f')).toBe('F');
  });

  test('is there for its client, though others have removed it', async () => {
    await all.delete(home, true);
    expect(await probe.stat('received')).toMatchObject({ path: 'received', type: 'directory' });
    await all.delete('received/team', true);
    expect(await probe.names('received')).toEqual([]);
    await all.delete('received/team', true);
    expect(await probe.names('')).toEqual(['received', 'vaults']);
    await all.delete('received/team', true);
    await probe.put('received/f', 'again');
    expect(await all.getText(`${home}/f`)).toBe('again');
  });

  test('that is a file by now is none, and shows nothing', async () => {
    await all.delete(home, true);
    await all.put(home, 'a file');
    await expect(probe.get('received')).rejects.toMatchObject({ code: 'not-found' });
    await expect(probe.stat('received')).rejects.toMatchObject({ code: 'conflict' });
    await expect(probe.names('received')).rejects.toMatchObject({ code: 'conflict' });
    await expect(probe.put('received/f', 'F')).rejects.toMatchObject({ code: 'conflict' });
    await expect(HomeStore.open(base, { home })).rejects.toMatchObject({ code: 'conflict' });
    expect(await all.getText(home)).toBe('a file');
  });

  test('says of its entries what they are called in it', async () => {
    const entries = await probe.list('', { recursive: true });
    expect(entries.map(({ path }) => path)).toEqual([
      'received',
      'received/d',
      'received/d/g',
      'received/f',
      'vaults',
      'vaults/v',
      'vaults/v/f',
    ]);
    expect(await probe.stat('received/d')).toMatchObject({ path: 'received/d' });
    expect(await probe.stat('')).toMatchObject({ path: '', type: 'directory' });
    const { etag } = await probe.stat('received');
    await probe.put('received/new', '');
    expect((await probe.stat('received')).etag).not.toBe(etag);
  });
});

/** Whether a store would take a path for one of its own at all. */
function isReachable(path: RemotePath): boolean {
  try {
    return parsePath(path) === path && /^(?:received|vaults)(?:\/|$)/u.test(path);
  } catch {
    return false;
  }
}
