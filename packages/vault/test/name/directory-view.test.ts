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
import { person } from '../support/people.js';
import { vaultOf, walk } from '../support/vaults.js';

let names: VaultNames;

beforeAll(async () => {
  const alice = await person('alice');
  names = new VaultNames(await openKeyring(walk(await vaultOf(alice)), alice.sealing));
});

const one = filled(12, 1);
const two = filled(12, 2);
const three = filled(12, 3);

function entry(id: Uint8Array, name: string, facts: Omit<StoredEntry, 'stored'> = {}): StoredEntry {
  return { stored: names.seal(rootDirectory, id, name), ...facts };
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
  expect(entries.get('a.txt')).toMatchObject({ id: one, epoch: 1, isConflict: false });
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
      entry(two, 'a', { replaces: [one] }),
      entry(three, 'renamed'),
    );
    expect(entries.get('a')).toMatchObject({ id: two, isConflict: false });
    expect(replaced).toHaveLength(1);
    expect(shown(view(entry(one, 'brought back'), entry(two, 'a', { replaces: [one] })))).toEqual([
      'a',
    ]);
  });

  test('stay hidden when what replaced them was replaced too', () => {
    const chain = [
      entry(one, 'a'),
      entry(two, 'a', { replaces: [one] }),
      entry(three, 'a', { replaces: [two] }),
    ];
    expect(view(...chain).entries.get('a')?.id).toEqual(three);
    expect(shown(view(...chain))).toEqual(['a']);
  });

  test('an entry that claims to replace itself does not hide itself', () => {
    expect(shown(view(entry(one, 'a', { replaces: [one] })))).toEqual(['a']);
  });

  test('two that replaced the same one are in conflict', () => {
    const { entries, replaced } = view(
      entry(one, 'a'),
      entry(two, 'a', { replaces: [one] }),
      entry(three, 'a', { replaces: [one], sender: 'bob', written: 0 }),
    );
    expect(replaced).toHaveLength(1);
    expect(entries.get('a')?.id).toEqual(two);
    expect(entries.get('a (conflict, bob, 1970-01-01 00.00.00 UTC)')?.id).toEqual(three);
  });
});

describe('conflicts', () => {
  const bobs = { sender: 'bob', written: Date.UTC(2030, 1, 3, 4, 5, 6) };

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
    const hostile = { sender: 'bob', written: Number.MAX_SAFE_INTEGER };
    expect(shown(view(entry(one, 'a'), entry(two, 'a', hostile)))).toEqual([
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
    const longest = 'x'.repeat(144);
    const facts = { sender: 'b'.repeat(64), written: -62_198_755_200_000 };
    const listed = [one, two, three].map((id) => entry(id, longest, facts));
    const { entries } = view(...listed, entry(newEntryId(), longest));
    expect(entries.size).toBe(4);
    for (const name of entries.keys()) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  });
});
