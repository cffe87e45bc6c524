import { beforeAll, describe, expect, test } from '@jest/globals';

import {
  newEntryId,
  openKeyring,
  rootDirectory,
  VaultNames,
  viewDirectory,
  type DirectoryView,
  type StoredEntry,
} from '../../src/index.js';
import { filled } from '../support/bytes.js';
import { person, type Person } from '../support/people.js';
import { vaultOf, walk } from '../support/vaults.js';

let names: VaultNames;
let bobs: FileFacts;
/** Whose name is as long as one can be. */
let longest: Uint8Array;

beforeAll(async () => {
  const [alice, bob, longNamed] = (await Promise.all(
    ['alice', 'bob', 'b'.repeat(64)].map(person),
  )) as [Person, Person, Person];
  const stored = await vaultOf(alice, [
    { add: [bob, longNamed].map(({ card }) => ({ card, role: 'writer' as const })) },
    { remove: [bob.card.identity] },
  ]);
  names = new VaultNames(openKeyring(walk(stored), alice.sealing));
  longest = longNamed.card.identity;
  bobs = { sender: bob.card.identity, mtime: Date.UTC(2030, 1, 3, 4, 5, 6), replaces: [] };
});

type FileFacts = NonNullable<StoredEntry['metadata']>;

const replacing = (id: Uint8Array): FileFacts => ({ ...bobs, replaces: [id] });

const one = filled(12, 1);
const two = filled(12, 2);
const three = filled(12, 3);

function entry(id: Uint8Array, name: string, metadata?: FileFacts): StoredEntry {
  return { stored: names.seal(rootDirectory, id, name), ...(metadata && { metadata }) };
}

function view(...listed: StoredEntry[]): DirectoryView<StoredEntry> {
  return viewDirectory(names, rootDirectory, listed);
}

const shown = ({ entries }: DirectoryView<StoredEntry>): string[] => [...entries.keys()].sort();

test('entries are found by their names, with what the caller knows of them', () => {
  const listed = { ...entry(one, 'a.txt'), size: 12 };
  const { entries, damaged, replaced } = viewDirectory(names, rootDirectory, [
    listed,
    entry(two, 'b'),
  ]);
  expect(entries.get('a.txt')).toMatchObject({ id: one, epoch: 2, isConflict: false });
  expect(entries.get('a.txt')?.stored).toBe(listed);
  expect(entries.get('b')?.id).toEqual(two);
  expect(entries.has('c')).toBe(false);
  expect([damaged, replaced]).toEqual([[], []]);
});

test('what is damaged is listed apart, and keeps nothing else from being shown', () => {
  const foreign = { stored: names.seal([...rootDirectory, three], two, 'moved here') };
  const { entries, damaged } = view(entry(one, 'a'), { stored: 'junk' }, foreign);
  expect([...entries.keys()]).toEqual(['a']);
  expect(damaged).toEqual([
    { stored: { stored: 'junk' }, reason: 'no-stored-name' },
    { stored: foreign, reason: 'not-sealed-here' },
  ]);
});

test('the folder of keyrings is no entry of the root, and nothing known elsewhere', () => {
  const folder = { stored: '.keyring' };
  expect(view(folder)).toMatchObject({ damaged: [], replaced: [] });
  const below = viewDirectory(names, [...rootDirectory, three], [folder]);
  expect(below.damaged).toEqual([{ stored: folder, reason: 'no-stored-name' }]);
});

test('one id under two names: neither is shown, since one of them is out of date', () => {
  const { entries, damaged } = view(entry(one, 'old'), entry(two, 'other'), entry(one, 'new'));
  expect([...entries.keys()]).toEqual(['other']);
  expect(damaged.map(({ reason }) => reason)).toEqual(['duplicate-id', 'duplicate-id']);
});

describe('replaced entries', () => {
  test('are hidden wherever they are listed, also under another name', () => {
    const { entries, replaced } = view(
      entry(one, 'a'),
      entry(two, 'a', replacing(one)),
      entry(three, 'renamed'),
    );
    expect(entries.get('a')).toMatchObject({ id: two, isConflict: false });
    expect(replaced).toHaveLength(1);
    expect(shown(view(entry(one, 'brought back'), entry(two, 'a', replacing(one))))).toEqual(['a']);
  });

  test('stay hidden when what replaced them was replaced too', () => {
    const chain = [
      entry(one, 'a'),
      entry(two, 'a', replacing(one)),
      entry(three, 'a', replacing(two)),
    ];
    expect(view(...chain).entries.get('a')?.id).toEqual(three);
    expect(shown(view(...chain))).toEqual(['a']);
  });

  test('an entry that claims to replace itself does not hide itself', () => {
    expect(shown(view(entry(one, 'a', replacing(one))))).toEqual(['a']);
  });

  test('two that replaced the same one are in conflict', () => {
    const { entries, replaced } = view(
      entry(one, 'a'),
      entry(two, 'a', replacing(one)),
      entry(three, 'a', { ...replacing(one), mtime: 0 }),
    );
    expect(replaced).toHaveLength(1);
    expect(entries.get('a')?.id).toEqual(two);
    expect(entries.get('a (conflict, bob, 1970-01-01 00.00.00 UTC)')?.id).toEqual(three);
  });
});

describe('conflicts', () => {
  test('the smaller id has the plain name, in whichever order they are listed', () => {
    const listed = [entry(two, 'a', bobs), entry(one, 'a'), entry(three, 'b')];
    for (const order of [listed, [...listed].reverse()]) {
      const { entries } = view(...order);
      expect(
        [...entries.values()].map(({ name, id, isConflict }) => [name, id[0], isConflict]),
      ).toEqual(
        expect.arrayContaining([
          ['a', 1, true],
          ['a (conflict, bob, 2030-02-03 04.05.06 UTC)', 2, true],
          ['b', 3, false],
        ]),
      );
      expect(entries.size).toBe(3);
    }
  });

  test('without facts, with a hostile time, or with the same facts, the id tells them apart', () => {
    const text = 'aibaeaqcaibaeaqcaiba';
    expect(shown(view(entry(one, 'a'), entry(two, 'a')))).toEqual(['a', `a (conflict, ${text})`]);
    const hostile = { ...bobs, mtime: Number.MAX_SAFE_INTEGER };
    expect(shown(view(entry(one, 'a'), entry(two, 'a', hostile)))).toEqual([
      'a',
      `a (conflict, ${text})`,
    ]);
    const stranger = { ...bobs, sender: filled(32, 9) };
    expect(shown(view(entry(one, 'a'), entry(two, 'a', stranger)))).toEqual([
      'a',
      `a (conflict, ${text})`,
    ]);
    expect(view(entry(one, 'a'), entry(two, 'a', bobs), entry(three, 'a', bobs)).entries.size).toBe(
      3,
    );
  });

  test('a name that only looks like a conflict’s stays what it is', () => {
    const { entries } = view(
      entry(three, 'a (conflict, bob, 2030-02-03 04.05.06 UTC)'),
      entry(one, 'a'),
      entry(two, 'a', bobs),
    );
    expect(entries.get('a (conflict, bob, 2030-02-03 04.05.06 UTC)')?.id).toEqual(three);
    expect(entries.size).toBe(3);
    const ids = [...entries.values()].map(({ id }) => id[0]).sort();
    expect(ids).toEqual([1, 2, 3]);
  });

  test('every name that is shown fits on a file system', () => {
    const name = 'x'.repeat(144);
    const metadata = { ...bobs, sender: longest, mtime: 8.64e15 };
    const listed = [one, two, three].map((id) => ({ ...entry(id, name), metadata }));
    const { entries } = view(...listed, entry(newEntryId(), name));
    expect(entries.size).toBe(4);
    for (const shownAs of entries.keys())
      expect(Buffer.byteLength(shownAs)).toBeLessThanOrEqual(255);
  });
});
