import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { concatBytes, decodeRecordHeader, recordLimits, type KeyLimits } from '../src/index.js';
import { arbitraryBytes } from './support/bytes.js';
import { expectCode } from './support/errors.js';
import {
  described,
  makeOpener,
  makePair,
  makeSealer,
  receiveAll,
  sealed,
  type Content,
} from './support/record-pair.js';

const unlimited = Number.MAX_SAFE_INTEGER;
const byRecords = (recordsPerKey: number): KeyLimits => ({ recordsPerKey, bytesPerKey: unlimited });
const byBytes = (bytesPerKey: number): KeyLimits => ({ recordsPerKey: unlimited, bytesPerKey });

/** The types of the records in a stream, one letter each. */
function typesIn(stream: Uint8Array): string {
  let types = '';
  for (let rest = stream; rest.length > 0;) {
    const { type = '?', length } = decodeRecordHeader(rest);
    types += type.charAt(0);
    rest = rest.subarray(4 + length);
  }
  return types;
}

const data = (length: number): Content => ({ type: 'data', plaintext: new Uint8Array(length) });

test('the limits are those of the specification', () => {
  expect(recordLimits.recordsPerKey).toBe(16_777_216);
  expect(recordLimits.bytesPerKey).toBe(68_719_476_736);
  expect(recordLimits.plaintext).toBe(1_048_576);
  expect(recordLimits.handshakePlaintext).toBe(4096);
});

describe('a sealer updates its key by itself', () => {
  test.each([
    [2, 'dududud'],
    [3, 'ddudd'],
    [5, 'ddddud'],
  ])('before its %d records are used up: %s', (recordsPerKey, expected) => {
    const sealer = makeSealer({ sealerLimits: byRecords(recordsPerKey) });
    const contents = Array.from(expected.matchAll(/d/gu), () => data(1));
    const stream = concatBytes(...contents.map((content) => sealed(sealer, content)));
    expect(typesIn(stream)).toBe(expected);
    const opener = makeOpener({ openerLimits: byRecords(recordsPerKey) });
    expect(receiveAll(opener, [stream]).contents).toEqual(contents.map(described));
  });

  test('before its bytes are used up', () => {
    const sealer = makeSealer({ sealerLimits: byBytes(100) });
    const stream = concatBytes(
      ...[60, 40, 1, 99, 100, 0, 1].map((length) => sealed(sealer, data(length))),
    );
    expect(typesIn(stream)).toBe('ddudduddud');
    expect(receiveAll(makeOpener({ openerLimits: byBytes(100) }), [stream]).error).toBeUndefined();
  });

  test('so that an opener with the same limits takes whatever it seals', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 50, max: 200 }),
        fc.array(arbitraryBytes(50), { maxLength: 20 }),
        (recordsPerKey, bytesPerKey, plaintexts) => {
          const limits = { recordsPerKey, bytesPerKey };
          const { sealer, opener } = makePair({ sealerLimits: limits, openerLimits: limits });
          const contents = plaintexts.map((plaintext): Content => ({ type: 'data', plaintext }));
          const stream = contents.map((content) => sealed(sealer, content));
          const { contents: given, error } = receiveAll(opener, stream);
          expect(error).toBeUndefined();
          expect(given).toEqual(contents.map(described));
        },
      ),
    );
  });
});

describe('an opener ends the connection of a peer that does not update', () => {
  test('at the record beyond the last, from its header', () => {
    const sealer = makeSealer();
    const opener = makeOpener({ openerLimits: byRecords(3) });
    const stream = [1, 2, 3].map((length) => sealed(sealer, data(length)));
    expect(receiveAll(opener, stream).error).toBeUndefined();
    const beyond = sealed(sealer, data(4));
    expect(receiveAll(opener, [beyond.subarray(0, 3)]).error).toBeUndefined();
    expect(receiveAll(opener, [beyond.subarray(3, 4)]).error?.code).toBe('key-exhausted');
    expect(receiveAll(opener, [beyond]).error?.code).toBe('misuse');
  });

  test('at the record that goes beyond the bytes', () => {
    const sealer = makeSealer();
    const opener = makeOpener({ openerLimits: byBytes(100) });
    const fitting = [60, 40, 0].map((length) => sealed(sealer, data(length)));
    expect(receiveAll(opener, fitting).error).toBeUndefined();
    expect(receiveAll(opener, [sealed(sealer, data(1))]).error?.code).toBe('key-exhausted');
  });

  test('but takes the update that comes as late as it may, and counts anew', () => {
    const sealer = makeSealer();
    const opener = makeOpener({ openerLimits: byRecords(2) });
    const stream = [
      sealed(sealer, data(1)),
      sealed(sealer, data(1)),
      concatBytes(...sealer.update()),
      sealed(sealer, data(1)),
      sealed(sealer, data(1)),
    ];
    expect(receiveAll(opener, stream)).toEqual({
      contents: Array<string>(4).fill('data 00'),
      error: undefined,
    });
    expect(receiveAll(opener, [sealed(sealer, data(1))]).error?.code).toBe('key-exhausted');
  });
});

test('content beyond a megabyte is not sealed, and costs neither a record nor a nonce', () => {
  const { sealer, opener } = makePair();
  const half = new Uint8Array(600_000);
  expectCode('misuse', () => sealer.seal('data', [new Uint8Array(1_048_577)]));
  expectCode('misuse', () => sealer.seal('data', [half, half]));
  expect(receiveAll(opener, [sealed(sealer, data(2))]).contents).toEqual(['data 0000']);
});

test('an empty data record is a record like any other', () => {
  const { sealer, opener } = makePair();
  const stream = concatBytes(
    sealed(sealer, data(0)),
    sealed(sealer, data(0)),
    sealed(sealer, data(1)),
  );
  expect(receiveAll(opener, [stream]).contents).toEqual(['data ', 'data ', 'data 00']);
});
