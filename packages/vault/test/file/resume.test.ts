import { Identity } from '@e2eeftp/crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  beginSealing,
  decodeUploadJournal,
  resumeSealing,
  storedFileSize,
  type FileSealer,
  type SealedPart,
  type UploadJournal,
} from '../../src/index.js';
import { backends } from '../support/backends.js';
import { contentOf, cutAt, flipBit, hex, joined, sha256 } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import {
  chunk,
  fileToSeal,
  leaf,
  open,
  otherEntry,
  payloadStart,
  readerSeed,
  sealedChunk,
  fixedSealingAccess,
  sealRest,
  state,
  fixedOpeningAccess,
  wrapKeyOf,
} from '../support/files.js';

const content = contentOf('resumed', leaf + 5 * chunk + 333);
const resumable = { ...fileToSeal, state };

/** The steps of sealing: each is noted in the journal before its bytes are sent. */
function stepsOf(sealer: FileSealer, pieces: readonly Uint8Array[]): SealedPart[] {
  const steps = [sealer.start()];
  for (const piece of pieces) steps.push(sealer.update(piece));
  return [...steps, sealer.finish()];
}

/** An upload that broke off: what the journal holds, and what may have reached the server. */
interface Broken {
  readonly journal: Uint8Array;
  readonly sent: Uint8Array;
}

function breakOff(steps: readonly SealedPart[], noted: number, sent = noted): Broken {
  return {
    journal: joined(steps.slice(0, noted).map((step) => step.journal)),
    sent: joined(steps.slice(0, sent).flatMap((step) => step.bytes)),
  };
}

describe.each(backends)('%s', (_name, backend) => {
  const access = fixedSealingAccess(backend);
  const pieces = cutAt(content, [chunk, 3 * chunk, leaf - 5, leaf + 9, leaf + 4 * chunk]);
  const steps = stepsOf(beginSealing(access, resumable), pieces);
  const stored = joined(steps.flatMap((step) => step.bytes));
  const start = payloadStart(stored, content.length);
  const whole = breakOff(steps, steps.length);

  function resume(journal: Uint8Array | UploadJournal, offset: number): FileSealer {
    const read = ArrayBuffer.isView(journal) ? decodeUploadJournal(journal) : journal;
    return resumeSealing(access, read, state, offset);
  }

  function finish(sealer: FileSealer, source = content, cuts: readonly number[] = []): Uint8Array {
    return sealRest(sealer, cutAt(source.subarray(sealer.contentOffset), cuts));
  }

  test('a file that was never interrupted opens', () => {
    expect(stored.length).toBe(storedFileSize(content.length));
    expect(sha256(open(fixedOpeningAccess(backend), [stored]).content)).toBe(sha256(content));
  });

  test('from wherever it stopped, and however often, the same file comes out', () => {
    const step = fc.integer({ min: 1, max: steps.length });
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(step, part, part, part, (noted, reached, again, cut) => {
        const broken = breakOff(steps, noted);
        const offset = Math.floor(broken.sent.length * reached);
        const sealer = resume(broken.journal, offset);
        expect(sealer.contentOffset % leaf).toBe(0);
        expect(sealer.storedOffset).toBe(offset);
        const source = content.subarray(sealer.contentOffset);
        const second = stepsOf(sealer, cutAt(source, [Math.floor(source.length * cut)]));
        const rest = joined(second.flatMap((one) => one.bytes));
        expect(sha256(stored.subarray(0, offset), rest)).toBe(sha256(stored));

        // The second attempt breaks off as well, and its journal took the place of the first.
        const twice = breakOff(second, 1 + Math.floor(again * (second.length - 1)));
        const further = offset + Math.floor(twice.sent.length * reached);
        const third = finish(resume(twice.journal, further), content, [100]);
        expect(sha256(stored.subarray(0, further), third)).toBe(sha256(stored));
      }),
      { numRuns: 12 },
    );
  });

  test('at the borders of head, chunks and leaves, and at the end', () => {
    const leafEnd = start + 16 * sealedChunk;
    for (const offset of [
      ...[0, 1, start - 17, start - 16, start - 1, start, start + 1, start + sealedChunk - 1],
      ...[start + sealedChunk, leafEnd - 1, leafEnd, leafEnd + 1, stored.length - 1, stored.length],
    ]) {
      const sealer = resume(whole.journal, offset);
      expect(sealer.contentOffset).toBe(offset < leafEnd ? 0 : leaf);
      expect(hex(finish(sealer))).toBe(hex(stored.subarray(offset)));
    }
  });

  test('an entry that was being written is left out, and its chunk was not sent', () => {
    const broken = breakOff(steps, 4, 3);
    const offset = broken.sent.length;
    for (const torn of [1, 24, 26]) {
      const journal = broken.journal.subarray(0, broken.journal.length - torn);
      expect(hex(finish(resume(journal, offset)))).toBe(hex(stored.subarray(offset)));
    }
  });

  test('a source that changed is noticed before anything else of it leaves', () => {
    const { journal } = whole;
    const altered = (place: number): Uint8Array => flipBit(content, place * 8);
    const offset = start + 2 * sealedChunk;
    for (const place of [0, 2 * chunk, leaf - 1, leaf, content.length - 1]) {
      expectCode('source-changed', () => finish(resume(journal, offset), altered(place)));
    }
    expectCode('source-changed', () => finish(resume(journal, offset), content.subarray(0, -1)));
    expectCode('source-changed', () => finish(resume(journal, offset), content.subarray(0, leaf)));
    expectCode('source-changed', () => finish(resume(journal, offset), joined([content, content])));
    expectCode('source-changed', () => finish(resume(journal, stored.length), new Uint8Array(0)));
  });

  test('whatever the source became, nothing is ever sent twice in two forms', () => {
    const changes = fc.record({
      noted: fc.integer({ min: 1, max: steps.length }),
      reached: fc.double({ min: 0, max: 1, noNaN: true }),
      place: fc.nat({ max: content.length - 1 }),
      length: fc.constantFrom(content.length, content.length - 1, leaf, chunk, 0),
    });
    fc.assert(
      fc.property(changes, ({ noted, reached, place, length }) => {
        const broken = breakOff(steps, noted);
        const offset = Math.floor(broken.sent.length * reached);
        const source = flipBit(content, place * 8).subarray(0, length);
        const sealer = resume(broken.journal, offset);
        const given: Uint8Array[] = [];
        const error = errorOf(() => {
          const rest = source.subarray(sealer.contentOffset);
          given.push(...sealer.start().bytes);
          for (let from = 0; from < rest.length; from += 3 * chunk) {
            given.push(...sealer.update(rest.subarray(from, from + 3 * chunk)).bytes);
          }
          given.push(...sealer.finish().bytes);
        });
        expect(error === undefined || error.code === 'source-changed').toBe(true);
        const both = broken.sent.subarray(offset);
        expect(hex(joined(given).subarray(0, both.length))).toBe(
          hex(both.subarray(0, joined(given).length)),
        );
      }),
      { numRuns: 15 },
    );
  });

  test('after a change was noticed the sealer gives nothing more', () => {
    const sealer = resume(whole.journal, start);
    sealer.start();
    expectCode('source-changed', () => sealer.update(flipBit(content, 3)));
    expectCode('misuse', () => sealer.update(content));
    expectCode('misuse', () => sealer.finish());
  });

  test('an offset beyond what was noted, and one before it, start the upload over', () => {
    const broken = breakOff(steps, 3);
    const known = broken.sent.length;
    expect(hex(finish(resume(broken.journal, known)))).toBe(hex(stored.subarray(known)));
    for (const offset of [known + 1, known + sealedChunk, stored.length, 2 ** 50]) {
      expectCode('journal-insufficient', () => resume(broken.journal, offset));
    }
    for (const offset of [stored.length + 1, stored.length + 50]) {
      expectCode('journal-insufficient', () => finish(resume(whole.journal, offset)));
    }
    const trimmed = joined(
      stepsOf(resume(whole.journal, stored.length), [content.subarray(leaf)]).map(
        (step) => step.journal,
      ),
    );
    expectCode('journal-insufficient', () => resume(trimmed, start + 16 * sealedChunk - 1));
    expect(resume(trimmed, start + 16 * sealedChunk).contentOffset).toBe(leaf);
    for (const offset of [-1, 0.5, Number.NaN, Infinity]) {
      expectCode('misuse', () => resume(whole.journal, offset));
    }
  });

  test('another source, another run of the machine, and another epoch start the upload over', () => {
    const journal = decodeUploadJournal(whole.journal);
    const other = Uint8Array.of(9);
    expectCode('source-changed', () =>
      resumeSealing(access, journal, { ...state, source: other }, 0),
    );
    expectCode('journal-insufficient', () =>
      resumeSealing(access, journal, { ...state, boot: other }, 0),
    );
    const later = fixedSealingAccess(backend, { epoch: 2 });
    expectCode('epoch-changed', () => resumeSealing(later, journal, state, 0));
    const keyless = { ...access, wrapKey: () => undefined };
    expectCode('unknown-epoch', () => resumeSealing(keyless, journal, state, 0));
  });

  test('a journal of another vault, entry or identity, and a damaged one, are refused', () => {
    const journal = decodeUploadJournal(whole.journal);
    const resumeAs =
      (changes: object, altered: object = {}) =>
      () =>
        resumeSealing({ ...access, ...changes }, { ...journal, ...altered }, state, 0);
    expect(errorOf(resumeAs({}))).toBeUndefined();
    expectCode('journal-damaged', resumeAs({ vault: new Uint8Array(16) }));
    expectCode('journal-damaged', resumeAs({ sender: new Identity(readerSeed, backend) }));
    expectCode('journal-damaged', resumeAs({ wrapKey: () => new Uint8Array(32) }));
    expectCode('journal-damaged', resumeAs({}, { entry: otherEntry }));
    expectCode('journal-damaged', resumeAs({}, { header: flipBit(journal.header, 8 * 100) }));
    expectCode('journal-damaged', resumeAs({}, { header: journal.header.subarray(0, -1) }));
    expectCode(
      'journal-damaged',
      resumeAs({}, { header: joined([journal.header, Uint8Array.of(0)]) }),
    );
    expectCode('journal-damaged', resumeAs({}, { header: new Uint8Array(0) }));
    expectCode('source-changed', () =>
      finish(resume({ ...journal, nonce: new Uint8Array(16) }, 0)),
    );
  });

  test('without a state nothing is noted', () => {
    const parts = stepsOf(beginSealing(access, fileToSeal), pieces);
    for (const part of parts) expect(part.journal.length).toBe(0);
  });

  test('the journal holds no key', () => {
    const text = hex(whole.journal);
    expect(text).not.toContain(hex(wrapKeyOf(1)));
    const { head } = open(fixedOpeningAccess(backend), [stored]);
    expect(text).not.toContain(hex(head.keys.stream.exportKey()));
    expect(text).not.toContain(hex(head.keys.commitment));
  });
});
