import { join } from 'node:path';
import { readFile, stat } from 'node:fs/promises';

import type { Entry } from '@e2eeftp/protocol';
import { encodeCard, makeCard } from '@e2eeftp/vault';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { readTree } from '../tree/support.js';
import {
  listed,
  makeWorld,
  outcomesOf,
  receiveTree,
  storedPath,
  treeOf,
  type Contents,
  type Outcomes,
  type World,
} from './hostile-world.js';
import { keepForAllTests, makePerson, vaultsOf } from './support.js';

expectNoUnhandledRejections();

const files: Contents = {
  'letter.txt': 'Dear Bob, come on Monday',
  'report.txt': 'Dear Bob, stay at home!!',
  'large.bin': 'a line of a long text\n'.repeat(10_000),
  'photos/one.bin': 'the first photo',
};
const paths = Object.keys(files);

let world: World;
const stored = new Map<string, string>();

beforeAll(async () => {
  world = await makeWorld(files);
  for (const path of [...paths, 'photos']) stored.set(path, await storedPath(world, path));
  keepForAllTests();
});

afterEach(() => {
  world.server.confess();
});

function at(path: string): string {
  return stored.get(path) ?? '';
}

function isAt(path: string): (entry: Entry, folder: string) => boolean {
  return (entry, folder) => `${folder}/${entry.path}` === at(path);
}

const everywhere = (entry: Entry, folder: string): boolean =>
  entry.type === 'file' && !folder.endsWith('.keyring');

/** Says something else of some entries. */
function lieOf(
  isMeant: (entry: Entry, folder: string) => boolean,
  change: (entry: Entry) => Partial<Entry>,
): void {
  world.server.lieInListings((entries, folder) =>
    entries.map((entry) => (isMeant(entry, folder) ? { ...entry, ...change(entry) } : entry)),
  );
}

async function expectOutcomes(changed: Outcomes): Promise<void> {
  const all = Object.fromEntries(paths.map((path) => [path, 'received']));
  expect(await outcomesOf(world.bob, files)).toEqual({ ...all, ...changed });
  const { local } = await receiveTree(world.bob);
  for (const path of paths) {
    expect([path, local[path]]).toEqual([path, changed[path] ? undefined : files[path]]);
  }
}

describe('a listing that lies', () => {
  test.each([1, -1, 16, -16, 65_552, -65_552])(
    'about a size by %d: the file is refused',
    async (by) => {
      lieOf(isAt('large.bin'), ({ size }) => ({ size: size + by }));
      await expectOutcomes({ 'large.bin': 'integrity' });
      // What lies in the same chunk as the end, as it was said to be.
      const { size } = await treeOf(world.bob)
        .stat('large.bin')
        .catch(() => ({ size: 100 }));
      const offset = Math.min(size, files['large.bin']?.length ?? 0) - 20;
      const range = treeOf(world.bob).getBytes('large.bin', { offset, length: 10 });
      expect((await failureOf(range)).code).toBe('integrity');
    },
  );

  test('about a size, which is beyond any disk: nothing is reserved for it', async () => {
    lieOf(isAt('large.bin'), () => ({ size: 2 ** 50 }));
    const tree = treeOf(world.bob);
    const target = join(await makeFolder(), 'large.bin');
    expect((await failureOf(tree.get('large.bin', target))).code).toBe('integrity');
    expect((await failureOf(tree.getBytes('large.bin'))).code).toBe('too-large');
    const { local } = await receiveTree(world.bob);
    expect(Object.keys(local).sort()).toEqual(
      [...paths, 'photos'].filter((path) => path !== 'large.bin').sort(),
    );
  });

  test('about a size that no file has: the listing says so', async () => {
    lieOf(isAt('letter.txt'), () => ({ size: 3 }));
    await expectOutcomes({ 'letter.txt': 'integrity' });
    const seen: unknown[] = [];
    for await (const { path, damaged } of treeOf(world.bob).list('')) seen.push([path, damaged]);
    expect(seen).toContainEqual(['letter.txt', 'size-impossible']);
  });

  test('about times: local files get the times that their sender has signed', async () => {
    const { mtime } = await treeOf(world.bob).stat('letter.txt');
    lieOf(everywhere, () => ({ mtime: 86_400_000 }));
    await expectOutcomes({});
    const target = join(await makeFolder(), 'letter.txt');
    const got = await treeOf(world.bob).get('letter.txt', target, { preserveTime: true });
    expect(got.mtime).toBe(mtime);
    expect(Math.round((await stat(target)).mtimeMs)).toBe(mtime);
    expect((await treeOf(world.bob).stat('letter.txt')).mtime).toBe(mtime);
  });

  test('about etags: they mean nothing for what is read', async () => {
    lieOf(everywhere, () => ({ etag: 'always' }));
    await expectOutcomes({});
    const etags = new Set<string>();
    for await (const { etag, type } of treeOf(world.bob).list('')) {
      if (type === 'file') etags.add(etag);
    }
    expect(etags.size).toBe(3);
  });

  test('that a folder is a file: nothing of it is taken for content', async () => {
    lieOf(isAt('photos'), () => ({ type: 'file', size: 1000 }));
    await expectOutcomes({ 'photos/one.bin': 'not-found' });
    const error = await failureOf(treeOf(world.bob).getBytes('photos'));
    expect(['integrity', 'not-found']).toContain(error.code);
  });

  test.each(['twice', 'in another order'])('by telling entries %s', async (how) => {
    world.server.lie('LIST', async ({ honestly }) => {
      const answer = await honestly();
      const result = answer.result as { entries: Entry[] };
      const entries =
        how === 'twice' ? [...result.entries, ...result.entries] : [...result.entries].reverse();
      return { ...answer, result: { ...(answer.result as object), entries } as never };
    });
    for (const path of paths) {
      expect((await failureOf(treeOf(world.bob).getBytes(path))).code).toBe('not-e2eeftp');
    }
  });

  test.each(['made/up', 'made/up/deeper', 'photos', 'AAAAAAAAAAAA', '.keyring2', 'x'.repeat(200)])(
    'about an entry %s that nobody made',
    async (path) => {
      world.server.lieInListings((entries, folder) =>
        folder === world.root
          ? [
              ...entries,
              { path: path as Entry['path'], type: 'file', size: 500, mtime: 0, etag: 'x' },
            ]
          : entries,
      );
      const shown = await listed(world.bob).catch((error: unknown) => error);
      if (path.includes('/')) {
        expect(shown).toMatchObject({ code: 'not-e2eeftp' });
      } else {
        expect(shown).toMatchObject({ '(damaged) no-stored-name': 'no-stored-name' });
        await expectOutcomes({});
      }
      const { local } = await receiveTree(world.bob).catch(() => ({ local: {} }));
      for (const name of Object.keys(local)) expect([...paths, 'photos']).toContain(name);
    },
  );

  test('about a folder’s folders, as if it were in itself', async () => {
    world.server.lieInListings((entries, folder) => {
      const [, , name = ''] = at('photos').split('/');
      const isInside = folder.startsWith(at('photos'));
      return isInside
        ? [
            ...entries,
            { path: name as Entry['path'], type: 'directory', size: 0, mtime: 0, etag: 'x' },
          ]
        : entries;
    });
    expect(Object.values(await listed(world.bob))).toContain('not-sealed-here');
    await expectOutcomes({});
  });
});

describe('what was listed before', () => {
  test('is no reason to take one file for another', async () => {
    const tree = treeOf(world.bob);
    for await (const { path } of tree.list('')) expect(path).not.toBe('');
    const before = await world.server.disk.keep(world.root);
    await world.server.disk.swap(at('letter.txt'), at('report.txt'));
    expect((await failureOf(tree.getBytes('letter.txt'))).code).toBe('integrity');
    await world.server.disk.remove(at('report.txt'));
    expect((await failureOf(tree.getBytes('report.txt'))).code).toBe('not-found');
    await before.replay();
    expect(String(await tree.getBytes('letter.txt'))).toBe(files['letter.txt']);
  });
});

describe('files that are given out', () => {
  test('as those of other names', async () => {
    world.server.giveInstead(
      new Map([
        [at('letter.txt'), at('report.txt')],
        [at('report.txt'), at('letter.txt')],
        [at('photos/one.bin'), at('letter.txt')],
      ]),
    );
    await expectOutcomes({
      'letter.txt': 'integrity',
      'report.txt': 'integrity',
      'photos/one.bin': 'integrity',
    });
  });

  test.each([0, 200, 400, -1, -70])('with one bit at %d turned', async (offset) => {
    world.server.alterBytes((bytes, path) => {
      const index = offset < 0 ? bytes.length + offset : offset;
      if (path === at('letter.txt')) bytes[index] = (bytes[index] ?? 0) ^ 4;
      return bytes;
    });
    await expectOutcomes({ 'letter.txt': 'integrity' });
  });

  test('with other bytes behind the right head', async () => {
    world.server.lie('GET', async ({ args, honestly }) =>
      args['path'] === at('large.bin') && Number(args['offset'] ?? 0) > 0
        ? honestly({ ...args, offset: Number(args['offset']) - 16 })
        : honestly(),
    );
    const range = treeOf(world.bob).getBytes('large.bin', { offset: 70_000, length: 5 });
    expect(['integrity', 'not-e2eeftp']).toContain((await failureOf(range)).code);
    world.server.alterBytes((bytes, path) => {
      if (path === at('large.bin') && bytes.length > 1000) bytes.fill(0, 500, 600);
      return bytes;
    });
    const other = treeOf(world.bob).getBytes('large.bin', { offset: 70_000, length: 5 });
    expect((await failureOf(other)).code).toBe('integrity');
  });

  test('so that a loop gets what is right, and then an error', async () => {
    const content = files['large.bin'] ?? '';
    world.server.alterBytes((bytes, path) => {
      const last = bytes.length - 1000;
      if (path === at('large.bin')) bytes[last] = (bytes[last] ?? 0) ^ 1;
      return bytes;
    });
    const got: Buffer[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of treeOf(world.bob).read('large.bin')) got.push(Buffer.from(chunk));
    };
    const error = await failureOf(reading());
    expect(error.code).toBe('integrity');
    expect(error.message).toContain('large.bin');
    const received = Buffer.concat(got).toString('latin1');
    expect(received.length % 65_536).toBe(0);
    expect(content.startsWith(received)).toBe(true);
  });

  test('in the place of an older local file, which stays', async () => {
    const folder = await makeFolder();
    const target = join(folder, 'letter.txt');
    await treeOf(world.bob).get('letter.txt', target);
    world.server.giveInstead(new Map([[at('letter.txt'), at('report.txt')]]));
    await failureOf(treeOf(world.bob).get('letter.txt', target));
    expect(await readFile(target, 'latin1')).toBe(files['letter.txt']);
    expect(Object.keys(await readTree(folder))).toEqual(['letter.txt']);
  });
});

test('what is said of a folder leads nowhere', async () => {
  world.server.lieInStats((entry) => ({ ...entry, type: 'file', size: 10, mtime: 0 }));
  const { local } = await receiveTree(world.bob).catch(() => ({ local: {} }));
  expect(Object.keys(local).filter((path) => !paths.includes(path) && path !== 'photos')).toEqual(
    [],
  );
  await expectContents();
});

async function expectContents(): Promise<void> {
  const all = Object.fromEntries(paths.map((path) => [path, 'received']));
  expect(await outcomesOf(world.bob, files)).toEqual(all);
}

describe('a server that will not do what it is asked', () => {
  test.each(['SEND', 'MSEND', 'MKDIR', 'RENAME', 'DELETE'])(
    'and always says that there is a newer keyring (%s)',
    async (command) => {
      world.server.lie(command, () => Promise.resolve({ status: 409 }));
      const tree = treeOf(world.alice);
      const asked = {
        SEND: () => tree.send(Buffer.alloc(2_000_000), 'new.txt'),
        MSEND: () => tree.send(Buffer.from('x'), 'new.txt'),
        MKDIR: () => tree.mkdir('new'),
        RENAME: () => tree.rename('letter.txt', 'new.txt'),
        DELETE: () => tree.remove('letter.txt'),
      }[command];
      if (command === 'MSEND') world.server.lie('SEND', () => Promise.resolve({ status: 409 }));
      expect((await failureOf(asked ?? (() => undefined))).code).toBe('conflict');
      world.server.confess();
      await expectContents();
    },
  );

  test('and lists what can be no vault', async () => {
    const odd = ['home', 'team', 'a'.repeat(26), 'A'.repeat(26), '\u202Evault', 'x/y'];
    for (const path of odd) {
      world.server.lieInListings((entries, folder) =>
        folder === 'vaults'
          ? [...entries, { ...emptyFolder, path: path as Entry['path'] }]
          : entries,
      );
      const shown = await world.alice.vaults.list().catch((error: unknown) => error);
      if (path.includes('/')) expect(shown).toMatchObject({ code: 'not-e2eeftp' });
      // Any text of that form can be an id, and nothing is known of the vault.
      else expect(shown).toHaveLength(path.startsWith('aa') ? 2 : 1);
    }
  });
});

const emptyFolder = { type: 'directory', size: 0, mtime: 0, etag: 'x' } as const;

describe('a card', () => {
  test('of somebody else, or with another key, adds nobody', async () => {
    const { server, alice } = world;
    const carol = await makePerson(server, 'carol');
    const eve = await makePerson(server, 'eve');
    await vaultsOf(carol).publishCard();
    const members = await alice.vaults.members('team');
    const before = members.list();
    for (const card of [
      eve.card,
      makeCard(eve.identity, carol.sealing, 'carol'),
      { ...carol.card, recipient: eve.sealing.recipient },
      { ...carol.card, name: 'Caroline' },
    ]) {
      server.giveCard(encodeCard(card));
      const error = await failureOf(members.add(carol.fingerprint, 'writer'));
      expect(error.code).toBe('integrity');
      expect(members.list()).toEqual(before);
    }
    server.confess();
    await members.add(carol.fingerprint, 'reader');
    const carols = vaultsOf(carol);
    await carols.join(await alice.vaults.invitation('team'));
    expect((await carols.open('team')).role).toBe('reader');
  });
});
