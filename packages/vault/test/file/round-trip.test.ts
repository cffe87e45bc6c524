import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  beginSealing,
  ContentHash,
  vaultSizes,
  hashLeaf,
  StreamKey,
  FileHeadReader,
  storedFileSize,
  contentFileSize,
} from '../../src/index.js';
import { AgeHeaderReader } from '../../src/file/age/header-reader.js';
import { backendPairs, backends } from '../support/backends.js';
import {
  arbitraryCuts,
  byteByByte,
  contentOf,
  cutAt,
  hex,
  joined,
  sha256,
} from '../support/bytes.js';
import { codeOf, expectCode } from '../support/errors.js';
import {
  chunk,
  entry,
  fileToSeal,
  leaf,
  open,
  otherEntry,
  seal,
  sealedChunk,
  fixedSealingAccess,
  sealRest,
  fixedOpeningAccess,
  wrapKeyOf,
} from '../support/files.js';

const borders = [
  ...[0, 1, 63, 64, 65, leaf - 1, leaf, leaf + 1],
  ...[chunk, 2 * chunk].flatMap((border) => [-65, -64, -63, -1, 0, 1].map((step) => border + step)),
];

test.each(backendPairs)('what %s seals, %s opens, at every border', (_o, _p, one, other) => {
  for (const length of borders) {
    const content = contentOf('border', length);
    const stored = seal(one, content);
    expect(stored.length).toBe(storedFileSize(length));
    expect(contentFileSize(stored.length)).toBe(length);
    const opened = open(fixedOpeningAccess(other), [stored]);
    expect(sha256(opened.content)).toBe(sha256(content));
    expect(opened.head.contentSize).toBe(length);
  }
});

test('a stored length is that of one size of content, in every epoch, or of none', () => {
  const border = fc.tuple(fc.nat(40), fc.integer({ min: -100, max: 100 }));
  const anyLength = fc.oneof(
    fc.nat({ max: 2 ** 50 }),
    border.map(([chunks, step]) => vaultSizes.fileHeader + 16 + chunks * sealedChunk + step),
  );
  let possible = 0;
  fc.assert(
    fc.property(anyLength, (length) => {
      if (codeOf(() => contentFileSize(length)) === 'size-impossible') return;
      possible++;
      expect(storedFileSize(contentFileSize(length))).toBe(length);
    }),
    { numRuns: 500 },
  );
  expect(possible).toBeGreaterThan(0);
});

describe.each(backends)('%s', (_name, backend) => {
  const content = contentOf('splitting', 2 * chunk + 700);

  test('sealed in any splitting and opened in any other', () => {
    fc.assert(
      fc.property(arbitraryCuts(content.length), arbitraryCuts(content.length), (cuts, others) => {
        const sealer = beginSealing(fixedSealingAccess(backend), fileToSeal);
        const stored = sealRest(sealer, cutAt(content, cuts));
        expect(stored.length).toBe(storedFileSize(content.length));
        const opened = open(fixedOpeningAccess(backend), cutAt(stored, others));
        expect(sha256(opened.content)).toBe(sha256(content));
      }),
      { numRuns: 12 },
    );
  });

  test('sealed and opened byte by byte', () => {
    const short = contentOf('byte by byte', 200);
    const sealer = beginSealing(fixedSealingAccess(backend), fileToSeal);
    const stored = sealRest(sealer, byteByByte(short));
    expect(hex(open(fixedOpeningAccess(backend), byteByByte(stored)).content)).toBe(hex(short));
  });

  test('content that the caller overwrites afterwards is sealed as it was', () => {
    const buffer = Uint8Array.from(content.subarray(0, 1000));
    const sealer = beginSealing(fixedSealingAccess(backend), fileToSeal);
    const parts = [...sealer.start().bytes, ...sealer.update(buffer).bytes];
    buffer.fill(0);
    parts.push(...sealer.finish().bytes);
    const opened = open(fixedOpeningAccess(backend), [joined(parts)]);
    expect(hex(opened.content)).toBe(hex(content.subarray(0, 1000)));
  });

  test('metadata come back', () => {
    const metadata = { mtime: 12, mode: 0o755, replaces: [otherEntry] };
    const { head } = open(fixedOpeningAccess(backend), [seal(backend, content, {}, { metadata })]);
    expect(head.metadata.mtime).toBe(12);
    expect(head.metadata.mode).toBe(0o755);
    expect(head.metadata.replaces.map((id) => hex(id))).toEqual([hex(otherEntry)]);
    expect(hex(head.metadata.sender)).toBe(hex(fixedSealingAccess(backend).sender.publicKey));
  });

  test.each([1, 9, 10, 99, 100, 9999, 10_000])(
    'the header of epoch %d is as long as any',
    (epoch) => {
      const short = contentOf('epoch', 20);
      const access = fixedOpeningAccess(backend, { wrapKey: wrapKeyOf });
      for (const metadata of [
        { mtime: 0, mode: 0, replaces: [] },
        { mtime: 8.64e15, mode: 0o7777, replaces: [otherEntry] },
      ]) {
        const stored = seal(backend, short, { epoch }, { metadata });
        expect(stored.length).toBe(storedFileSize(20));
        const reader = new AgeHeaderReader(vaultSizes.fileHeader);
        expect(reader.receive(stored)).toBe(vaultSizes.fileHeader);
        const opened = open(access, [stored]);
        expect(opened.head.epoch).toBe(epoch);
        expect(hex(opened.content)).toBe(hex(short));
      }
    },
  );

  test('two files have nothing in common, though all that the caller gives is the same', () => {
    const [one, other] = [seal(backend, content), seal(backend, content)];
    const text = (stored: Uint8Array): string[] =>
      Buffer.from(stored.subarray(0, vaultSizes.fileHeader)).toString('latin1').split('\n');
    const secret = (line: string): boolean => !/^age|^-> e2eeftp.meta/u.test(line) && line !== '';
    const lines = text(one).filter((line) => secret(line));
    expect(lines.length).toBe(6);
    for (const line of text(other)) expect(lines).not.toContain(line);
    expect(hex(one.subarray(-200))).not.toBe(hex(other.subarray(-200)));
  });

  test('the head tells its length, and leaves the payload alone', () => {
    const stored = seal(backend, content);
    const file = { entry, storedSize: stored.length };
    const whole = new FileHeadReader(fixedOpeningAccess(backend), file);
    expect(whole.receive(stored)).toBe(vaultSizes.fileHeader + 16);
    expect(whole.receive(stored)).toBe(0);
    const slow = new FileHeadReader(fixedOpeningAccess(backend), file);
    let used = 0;
    for (const byte of byteByByte(stored.subarray(0, 600))) used += slow.receive(byte);
    expect(used).toBe(vaultSizes.fileHeader + 16);
    expect(slow.finish().contentSize).toBe(content.length);
  });

  test('chunks and leaves made in any order, anywhere, are those of the file', () => {
    const large = contentOf('parallel', 2 * leaf + chunk + 5);
    const stored = seal(backend, large);
    const { keys } = open(fixedOpeningAccess(backend), [stored]).head;
    const elsewhere = new StreamKey(backend, keys.stream.exportKey());
    const start = vaultSizes.fileHeader + 16;
    for (const index of [31, 0, 17, 32, 1]) {
      const sealed = elsewhere.seal(index, false, [
        large.subarray(index * chunk, (index + 1) * chunk),
      ]);
      const place = start + index * sealedChunk;
      expect(sha256(...sealed)).toBe(sha256(stored.subarray(place, place + sealedChunk)));
    }
    const order = [2, 0, 1];
    const digests = order.map((at) =>
      hashLeaf(backend, large.subarray(at * leaf, (at + 1) * leaf)),
    );
    const hash = new ContentHash(backend);
    hash.update(large);
    expect(sha256(...[1, 2, 0].flatMap((at) => digests[at] ?? []))).toBe(hex(hash.root()));
  });

  test('refuses what is no vault, entry, epoch or wrap key', () => {
    const begin =
      (access: object, file: object = {}) =>
      () =>
        beginSealing({ ...fixedSealingAccess(backend), ...access }, { ...fileToSeal, ...file });
    expectCode('misuse', begin({ vault: new Uint8Array(15) }));
    expectCode('misuse', begin({ wrapKey: () => new Uint8Array(31) }));
    expectCode('unknown-epoch', begin({ wrapKey: () => undefined }));
    expectCode('misuse', begin({}, { entry: new Uint8Array(11) }));
    for (const epoch of [0, -1, 1.5, 10_001, 65_536, Number.NaN])
      expectCode('misuse', begin({ epoch }));
    const metadata = { ...fileToSeal.metadata, replaces: [entry] };
    expectCode('misuse', begin({}, { metadata }));
    const file = { entry, storedSize: 1000 };
    const wrongVault = fixedOpeningAccess(backend, { vault: new Uint8Array(17) });
    expectCode('misuse', () => new FileHeadReader(wrongVault, file));
    const wrongEntry = { ...file, entry: new Uint8Array(0) };
    expectCode('misuse', () => new FileHeadReader(fixedOpeningAccess(backend), wrongEntry));
  });

  test('a sealer goes from its start to its end, once', () => {
    const sealer = beginSealing(fixedSealingAccess(backend), fileToSeal);
    expectCode('misuse', () => sealer.update(content));
    expectCode('misuse', () => sealer.finish());
    sealer.start();
    expectCode('misuse', () => sealer.start());
    sealer.update(content);
    sealer.finish();
    expectCode('misuse', () => sealer.update(content));
    expectCode('misuse', () => sealer.finish());
  });
});
