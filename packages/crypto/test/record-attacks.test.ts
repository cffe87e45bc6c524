import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { concatBytes, encodeRecordHeader, type RecordType } from '../src/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { backends } from './support/backends.js';
import { arbitraryBytes, arbitraryCuts, cutAt, flipBit } from './support/bytes.js';
import {
  described,
  makeOpener,
  makePair,
  makeSealer,
  receiveAll,
  sealed,
  type Content,
} from './support/record-pair.js';

const arbitraryContents: fc.Arbitrary<Content[]> = fc.array(
  fc.record({
    type: fc.constantFrom('message', 'data', 'end', 'close'),
    plaintext: arbitraryBytes(40),
  }),
  { minLength: 2, maxLength: 6 },
);

function sealedAll(contents: readonly Content[], updateBefore = -1): Uint8Array[] {
  const sealer = makeSealer();
  return contents.map((content, index) => {
    const update = index === updateBefore ? concatBytes(...sealer.update()) : new Uint8Array(0);
    return concatBytes(update, sealed(sealer, content));
  });
}

describe.each(backends)('on %s', (_name, openerBackend) => {
  test('no flipped bit goes by: what lies before it is given out, and nothing else', () => {
    fc.assert(
      fc.property(
        arbitraryContents,
        fc.nat(5),
        arbitraryCuts(400),
        fc.nat(),
        (contents, update, cuts, where) => {
          const records = sealedAll(contents, update);
          const stream = concatBytes(...records);
          const bit = where % (stream.length * 8);
          let before = 0;
          for (let end = 0; ; before++) {
            end += (records[before] as Uint8Array).length;
            if (bit >>> 3 < end) break;
          }
          const opener = makeOpener({ openerBackend });
          const { contents: given, error } = receiveAll(opener, cutAt(flipBit(stream, bit), cuts));
          expect(given).toEqual(contents.slice(0, before).map(described));
          // A longer length makes the opener wait for bytes that never come, inside a record.
          if (error) expect(['authentication-failed', 'bad-message']).toContain(error.code);
          else expect(opener.isAtBoundary).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('a dropped, repeated or moved record ends the direction', () => {
  fc.assert(
    fc.property(
      arbitraryContents.chain((contents) =>
        fc.tuple(
          fc.constant(contents),
          fc.array(fc.nat(contents.length - 1), { minLength: 1, maxLength: 8 }),
        ),
      ),
      ([contents, order]) => {
        const records = sealedAll(contents);
        const { contents: given, error } = receiveAll(
          makeOpener(),
          order.map((index) => records[index] as Uint8Array),
        );
        let honest = 0;
        while (honest < order.length && order[honest] === honest) honest++;
        expect(given).toEqual(contents.slice(0, honest).map(described));
        expect(error?.code).toBe(honest === order.length ? undefined : 'authentication-failed');
      },
    ),
    { numRuns: 300 },
  );
});

test('a dropped, repeated or moved update does too', () => {
  const content: Content = { type: 'data', plaintext: Uint8Array.of(1) };
  const sealer = makeSealer();
  const one = sealed(sealer, content);
  const update = concatBytes(...sealer.update());
  const two = sealed(sealer, content);
  const three = sealed(sealer, content);
  for (const order of [
    [one, two],
    [update, one, two],
    [one, update, update, two],
    [one, update, three],
    [one, update, one],
    [one, update, two, one],
  ]) {
    const { error } = receiveAll(makeOpener(), order);
    expect(error?.code).toBe('authentication-failed');
  }
  expect(receiveAll(makeOpener(), [one, update, two, three]).error).toBeUndefined();
});

test('a stream that is cut short shows by ending inside a record, or at a boundary without a close', () => {
  const records = sealedAll([
    { type: 'data', plaintext: new Uint8Array(10) },
    { type: 'close', plaintext: new Uint8Array(3) },
  ]);
  const stream = concatBytes(...records);
  for (let length = 0; length < stream.length; length++) {
    const opener = makeOpener();
    const { contents, error } = receiveAll(opener, [stream.subarray(0, length)]);
    expect(error).toBeUndefined();
    expect(contents.some((content) => content.startsWith('close'))).toBe(false);
    expect(opener.isAtBoundary).toBe(length === 0 || length === records[0]!.length);
  }
});

function headerOf(number: number, length: number): Uint8Array {
  return Uint8Array.of(number, length >>> 16, (length >>> 8) & 0xff, length & 0xff);
}

describe('from the header alone', () => {
  test('types that are unknown, or belong to the handshake, are refused', () => {
    for (const number of [0, 1, 7, 8, 22, 128, 255]) {
      const { error } = receiveAll(makeOpener(), [headerOf(number, 16)]);
      expect(error?.code).toBe('bad-message');
    }
  });

  test('lengths that no record has are refused', () => {
    for (const type of [2, 3, 4, 5]) {
      for (const length of [0, 1, 15, 1_048_576 + 17, 0xffffff]) {
        expect(receiveAll(makeOpener(), [headerOf(type, length)]).error?.code).toBe('bad-message');
      }
      for (const length of [16, 17, 1_048_576 + 16]) {
        expect(receiveAll(makeOpener(), [headerOf(type, length)]).error).toBeUndefined();
      }
    }
  });

  test('an update with content is refused', () => {
    for (const length of [0, 15, 17, 1000]) {
      expect(receiveAll(makeOpener(), [headerOf(6, length)]).error?.code).toBe('bad-message');
    }
    expect(receiveAll(makeOpener(), [headerOf(6, 16)]).error).toBeUndefined();
  });
});

test('the type is authenticated: a record cannot be passed off as another', () => {
  const types: Exclude<RecordType, 'handshake'>[] = ['message', 'data', 'end', 'close', 'update'];
  for (const type of types) {
    const record = sealed(makeSealer(), { type: 'data', plaintext: new Uint8Array(0) });
    record.set(encodeRecordHeader(type, 16));
    const { error } = receiveAll(makeOpener(), [record]);
    expect(error?.code).toBe(type === 'data' ? undefined : 'authentication-failed');
  }
});

test('after an error nothing opens any more, not even what is genuine', () => {
  const { sealer, opener } = makePair();
  const content: Content = { type: 'data', plaintext: Uint8Array.of(1) };
  const first = sealed(sealer, content);
  const second = sealed(sealer, content);
  expect(receiveAll(opener, [flipBit(first, 50)]).error?.code).toBe('authentication-failed');
  for (const record of [first, second, headerOf(3, 16)]) {
    const reception = receiveAll(opener, [record]);
    expect(reception).toEqual({ contents: [], error: expect.objectContaining({ code: 'misuse' }) });
  }
});

test('records of another connection, suite or generation do not open', () => {
  const content: Content = { type: 'data', plaintext: nodeBackend.randomBytes(30) };
  const updated = makeSealer();
  updated.update();
  expect(receiveAll(makeOpener(), [sealed(updated, content)]).error?.code).toBe(
    'authentication-failed',
  );
  expect(receiveAll(makeOpener({ suite: 2 }), [sealed(makeSealer(), content)]).error?.code).toBe(
    'authentication-failed',
  );
});
