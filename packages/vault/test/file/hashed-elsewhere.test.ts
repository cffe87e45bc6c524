import { describe, expect, test } from '@jest/globals';

import {
  beginSealing,
  ContentHash,
  decodeUploadJournal,
  FileHeadReader,
  FileOpener,
  hashLeaf,
  resumeSealing,
  type FileSealer,
} from '../../src/index.js';
import { backends } from '../support/backends.js';
import { contentOf, joined, sha256 } from '../support/bytes.js';
import { expectCode } from '../support/errors.js';
import {
  fileToSeal,
  fixedOpeningAccess,
  fixedSealingAccess,
  leaf,
  open,
  state,
} from '../support/files.js';

const content = contentOf('elsewhere', 2 * leaf + 77);
const leaves = [content.subarray(0, leaf), content.subarray(leaf, 2 * leaf)];
const rest = content.subarray(2 * leaf);

describe.each(backends)('%s', (_name, backend) => {
  const access = fixedSealingAccess(backend);

  function sealLeaf(sealer: FileSealer, index: number): Uint8Array[][] {
    const part = leaves[index] as Uint8Array;
    const sealed = sealer.updateLeaf(part);
    const noted = sealer.addLeaf(hashLeaf(backend, part));
    expect(noted.bytes).toEqual([]);
    return [[...sealed.bytes], [sealed.journal, noted.journal]];
  }

  test('leaves whose digests come from elsewhere make the same kind of file', () => {
    const sealer = beginSealing(access, fileToSeal);
    const parts = [...sealer.start().bytes];
    for (const index of [0, 1]) parts.push(...(sealLeaf(sealer, index)[0] ?? []));
    parts.push(...sealer.update(rest).bytes, ...sealer.finish().bytes);
    const opened = open(fixedOpeningAccess(backend), [joined(parts)]);
    expect(sha256(opened.content)).toBe(sha256(content));
  });

  test('they are noted, and an upload goes on behind them', () => {
    const sealer = beginSealing(access, { ...fileToSeal, state });
    const start = sealer.start();
    const [bytes = [], notes = []] = sealLeaf(sealer, 0);
    const stored = joined([...start.bytes, ...bytes]);
    const journal = decodeUploadJournal(joined([start.journal, ...notes]));
    expect(journal.leaves).toEqual(hashLeaf(backend, leaves[0] as Uint8Array));
    const resumed = resumeSealing(access, journal, state, stored.length);
    expect(resumed.contentOffset).toBe(leaf);
    const parts = [stored, ...resumed.start().bytes, ...(sealLeaf(resumed, 1)[0] ?? [])];
    parts.push(...resumed.update(rest).bytes, ...resumed.finish().bytes);
    const opened = open(fixedOpeningAccess(backend), [joined(parts)]);
    expect(sha256(opened.content)).toBe(sha256(content));
  });

  test('they are whole, in their places, and have their digests', () => {
    const whole = leaves[0] as Uint8Array;
    const begin = (): FileSealer => {
      const sealer = beginSealing(access, fileToSeal);
      sealer.start();
      return sealer;
    };
    expectCode('misuse', () => begin().updateLeaf(rest));
    expectCode('misuse', () => begin().addLeaf(new Uint8Array(32)));
    const within = begin();
    within.update(rest);
    expectCode('misuse', () => within.updateLeaf(whole));
    for (const step of [
      (sealer: FileSealer) => sealer.finish(),
      (sealer: FileSealer) => sealer.update(rest),
      (sealer: FileSealer) => sealer.updateLeaf(whole),
      (sealer: FileSealer) => sealer.addLeaf(new Uint8Array(31)),
    ]) {
      const sealer = begin();
      sealer.updateLeaf(whole);
      expectCode('misuse', () => step(sealer));
    }
  });

  test('content that is hashed elsewhere is believed by its root alone', () => {
    const sealer = beginSealing(access, fileToSeal);
    const parts = [...sealer.start().bytes, ...sealer.update(content).bytes];
    const stored = joined([...parts, ...sealer.finish().bytes]);
    const openAll = (isHashedHere: boolean): FileOpener => {
      const file = { entry: fileToSeal.entry, storedSize: stored.length };
      const reader = new FileHeadReader(fixedOpeningAccess(backend), file);
      const used = reader.receive(stored);
      const opener = new FileOpener(reader.finish(), [], isHashedHere);
      expect(sha256(joined([...opener.receive(stored.subarray(used))]))).toBe(sha256(content));
      return opener;
    };
    const hash = new ContentHash(backend);
    hash.update(content);
    const root = hash.root();
    openAll(false).finish(root);
    openAll(true).finish();
    expectCode('bad-signature', () => {
      openAll(false).finish(new Uint8Array(32));
    });
    expectCode('misuse', () => {
      openAll(false).finish();
    });
    expectCode('misuse', () => {
      openAll(true).finish(root);
    });
  });
});
