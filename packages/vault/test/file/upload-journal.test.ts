import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  decodeUploadJournal,
  encodeUploadJournal,
  trimUploadJournal,
  type UploadJournal,
} from '../../src/index.js';
import { encodeLeafEntry, encodeTagEntry } from '../../src/file/upload-journal.js';
import { hex, joined } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import { sealedChunk } from '../support/files.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const arbitraryJournal: fc.Arbitrary<UploadJournal> = fc
  .record({ leaves: fc.nat({ max: 4 }), tags: fc.nat({ max: 40 }) })
  .chain(({ leaves, tags }) =>
    fc.record({
      vault: bytes(16),
      entry: bytes(12),
      nonce: bytes(16),
      header: fc.uint8Array({ maxLength: 400 }),
      source: fc.uint8Array({ maxLength: 300 }),
      boot: fc.uint8Array({ maxLength: 40 }),
      leaves: bytes(leaves * 32),
      firstChunk: fc.constant(leaves * 16),
      tags: bytes(tags * 16),
    }),
  );

const empty: UploadJournal = {
  vault: new Uint8Array(16),
  entry: new Uint8Array(12),
  nonce: new Uint8Array(16),
  header: new Uint8Array(5),
  source: new Uint8Array(3),
  boot: new Uint8Array(1),
  leaves: new Uint8Array(0),
  firstChunk: 0,
  tags: new Uint8Array(0),
};
const start = encodeUploadJournal(empty);
const tag = (index: number): Uint8Array => encodeTagEntry(index, new Uint8Array(16).fill(index));
const leaf = (index: number): Uint8Array => encodeLeafEntry(index, new Uint8Array(32).fill(index));
const tags = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, index) => tag(from + index));

test('what is encoded decodes to the same', () => {
  fc.assert(
    fc.property(arbitraryJournal, (journal) => {
      expect(decodeUploadJournal(encodeUploadJournal(journal))).toEqual(journal);
    }),
  );
});

test('what is encoded decodes from anywhere in a Buffer', () => {
  const encoded = joined([start, ...tags(0, 16), leaf(0), tag(16)]);
  const buffer = Buffer.concat([Buffer.from('something before'), encoded]).subarray(16);
  expect(decodeUploadJournal(buffer)).toEqual(decodeUploadJournal(Uint8Array.from(encoded)));
});

test('a journal that was cut off is a shorter one, or none', () => {
  const journal = joined([start, ...tags(0, 16), leaf(0), tag(16)]);
  for (let length = 0; length <= journal.length; length++) {
    const cut = journal.slice(0, length);
    if (length < start.length) {
      expectCode('journal-damaged', () => decodeUploadJournal(cut));
      continue;
    }
    const read = decodeUploadJournal(cut);
    const entries = length - start.length;
    const sent = Math.min(16, Math.floor(entries / 25)) + (length === journal.length ? 1 : 0);
    expect(read.tags.length / 16).toBe(sent);
    expect(read.leaves.length / 32).toBe(entries >= 16 * 25 + 41 ? 1 : 0);
  }
});

test('what was appended is what is known', () => {
  const read = decodeUploadJournal(
    joined([start, ...tags(0, 16), leaf(0), ...tags(16, 33), leaf(1)]),
  );
  expect(read.firstChunk).toBe(0);
  expect(hex(read.leaves)).toBe(hex(new Uint8Array(32).fill(0), new Uint8Array(32).fill(1)));
  expect(read.tags.length).toBe(33 * 16);
  const trimmed = decodeUploadJournal(joined([start, leaf(0), leaf(1), ...tags(32, 50), leaf(2)]));
  expect(trimmed.firstChunk).toBe(32);
  expect(trimmed.tags.length).toBe(18 * 16);
  expect(trimmed.leaves.length).toBe(3 * 32);
});

test.each<[string, Uint8Array[]]>([
  ['a tag is missing', [tag(0), tag(2)]],
  ['the first tag is missing', [tag(1)]],
  ['a tag comes twice', [tag(0), tag(0)]],
  ['a leaf is missing', [leaf(1)]],
  ['a leaf comes twice', [leaf(0), leaf(0)]],
  ['a leaf comes before its last chunk', [...tags(0, 15), leaf(0)]],
  ['tags do not follow the leaves', [leaf(0), tag(0)]],
  ['tags leave a gap behind the leaves', [leaf(0), tag(17)]],
  ['an entry is of no kind', [Uint8Array.of(3)]],
  ['it goes on with zeros', [new Uint8Array(25)]],
])('refuses a journal when %s', (_what, entries) => {
  expectCode('journal-damaged', () => decodeUploadJournal(joined([start, ...entries])));
});

test('refuses what is no journal', () => {
  for (const other of [new Uint8Array(0), new Uint8Array(200), start.slice(1)]) {
    expectCode('journal-damaged', () => decodeUploadJournal(other));
  }
  const long = new Uint8Array(65_536);
  expectCode('misuse', () => encodeUploadJournal({ ...empty, source: long }));
  expect(
    errorOf(() => encodeUploadJournal({ ...empty, source: long.subarray(1) })),
  ).toBeUndefined();
});

test('an arbitrary journal is refused, or says again what it said', () => {
  const entries = fc.array(fc.oneof(fc.nat({ max: 3 }).map(tag), fc.nat({ max: 2 }).map(leaf)), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(entries, (parts) => {
      const journal = joined([start, ...parts]);
      if (errorOf(() => decodeUploadJournal(journal))) return;
      const read = decodeUploadJournal(journal);
      expect(decodeUploadJournal(encodeUploadJournal(read))).toEqual(read);
    }),
    { numRuns: 500 },
  );
});

test('trimming keeps what is needed from the leaf on in which the stored bytes end', () => {
  const journal = decodeUploadJournal(
    joined([start, ...tags(0, 16), leaf(0), ...tags(16, 40), leaf(1)]),
  );
  const trimmed = (chunks: number): [number, number, number] => {
    const { leaves, firstChunk, tags: left } = trimUploadJournal(journal, chunks * sealedChunk);
    return [leaves.length / 32, firstChunk, left.length / 16];
  };
  expect(trimmed(0)).toEqual([0, 0, 40]);
  expect(trimmed(15.99)).toEqual([0, 0, 40]);
  expect(trimmed(16)).toEqual([1, 16, 24]);
  expect(trimmed(31.5)).toEqual([1, 16, 24]);
  expect(trimmed(32)).toEqual([2, 32, 8]);
  expect(trimmed(40)).toEqual([2, 32, 8]);
  expectCode('journal-insufficient', () => trimmed(40.01));
  const later = trimUploadJournal(journal, 33 * sealedChunk);
  expectCode('journal-insufficient', () => trimUploadJournal(later, 31 * sealedChunk));
  expect(trimUploadJournal(later, 32 * sealedChunk)).toEqual(later);
});
