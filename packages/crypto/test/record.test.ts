import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  concatBytes,
  decodeRecordHeader,
  encodeRecordHeader,
  type RecordType,
  type Suite,
} from '../src/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { backendPairs } from './support/backends.js';
import { arbitraryBytes, byteByByte, cutAt, hex } from './support/bytes.js';
import { expectCode } from './support/errors.js';
import {
  described,
  makeOpener,
  makePair,
  makeSealer,
  receiveAll,
  sealed,
  type Content,
  type ContentType,
} from './support/record-pair.js';

const contentTypes: ContentType[] = ['message', 'data', 'end', 'close'];
const suites: Suite[] = [1, 2];

const arbitraryContent: fc.Arbitrary<Content> = fc.record({
  type: fc.constantFrom(...contentTypes),
  plaintext: arbitraryBytes(200),
});

describe.each(backendPairs)('%s seals, %s opens', (_one, _other, sealerBackend, openerBackend) => {
  test.each(suites)('suite %d: any records, in any pieces, with updates between them', (suite) => {
    fc.assert(
      fc.property(
        fc.array(fc.option(arbitraryContent), { maxLength: 8 }),
        fc.array(fc.nat({ max: 2000 }), { maxLength: 20 }),
        (steps, cuts) => {
          const { sealer, opener } = makePair({ suite, sealerBackend, openerBackend });
          const stream = concatBytes(
            ...steps.map((step) => (step ? sealed(sealer, step) : concatBytes(...sealer.update()))),
          );
          const { contents, error } = receiveAll(opener, cutAt(stream, cuts));
          expect(error).toBeUndefined();
          expect(contents).toEqual(steps.filter((step) => step !== null).map(described));
          expect(opener.isAtBoundary).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each(suites)('suite %d: byte by byte', (suite) => {
    const { sealer, opener } = makePair({ suite, sealerBackend, openerBackend });
    const contents = contentTypes.map((type) => ({
      type,
      plaintext: sealerBackend.randomBytes(40),
    }));
    const stream = concatBytes(...contents.map((content) => sealed(sealer, content)));
    expect(receiveAll(opener, byteByByte(stream)).contents).toEqual(contents.map(described));
  });

  test('the largest record and the smallest', () => {
    const { sealer, opener } = makePair({ sealerBackend, openerBackend });
    for (const length of [1_048_576, 0, 1]) {
      const content: Content = { type: 'data', plaintext: new Uint8Array(length).fill(7) };
      const stream = sealed(sealer, content);
      expect(stream).toHaveLength(4 + length + 16);
      expect(receiveAll(opener, cutAt(stream, [65_536, 300_000])).contents).toEqual([
        described(content),
      ]);
    }
  });
});

test('a record is the same however its content was cut', () => {
  fc.assert(
    fc.property(arbitraryBytes(300), fc.array(fc.nat(300), { maxLength: 6 }), (plaintext, cuts) => {
      const whole = concatBytes(...makeSealer().seal('data', [plaintext]));
      const inPieces = concatBytes(...makeSealer().seal('data', cutAt(plaintext, cuts)));
      expect(hex(inPieces)).toBe(hex(whole));
    }),
  );
});

test('a record’s bytes are type, length, ciphertext and tag', () => {
  const record = concatBytes(...makeSealer().seal('end', [new Uint8Array(5)]));
  expect(hex(record.slice(0, 4))).toBe('04000015');
  expect(record).toHaveLength(4 + 5 + 16);
});

test('the same content never looks the same twice', () => {
  const sealer = makeSealer();
  const records = Array.from({ length: 20 }, () => {
    return hex(sealed(sealer, { type: 'data', plaintext: new Uint8Array(20) }));
  });
  expect(new Set(records).size).toBe(20);
});

test('the content is left as it was', () => {
  const plaintext = Uint8Array.of(1, 2, 3);
  makeSealer().seal('data', [plaintext]);
  expect([...plaintext]).toEqual([1, 2, 3]);
});

test('a boundary is where no record is under way', () => {
  const { sealer, opener } = makePair();
  const record = sealed(sealer, { type: 'data', plaintext: new Uint8Array(3) });
  expect(opener.isAtBoundary).toBe(true);
  for (const byte of byteByByte(record.slice(0, -1))) {
    receiveAll(opener, [byte]);
    expect(opener.isAtBoundary).toBe(false);
  }
  receiveAll(opener, [record.slice(-1)]);
  expect(opener.isAtBoundary).toBe(true);
});

test('records are given out one at a time, and the chunk may be used again afterwards', () => {
  const { sealer, opener } = makePair();
  const contents: Content[] = [1, 2, 3].map((byte) => ({
    type: 'data',
    plaintext: new Uint8Array(3000).fill(byte),
  }));
  const chunk = concatBytes(...contents.map((content) => sealed(sealer, content)));
  const opened = [...opener.receive(chunk)];
  chunk.fill(0);
  expect(opened.map(described)).toEqual(contents.map(described));
});

test('headers go both ways, and unknown types have no name', () => {
  const types: RecordType[] = ['handshake', 'message', 'data', 'end', 'close', 'update'];
  for (const [index, type] of types.entries()) {
    for (const length of [0, 1, 255, 256, 65_536, 0xffffff]) {
      const header = encodeRecordHeader(type, length);
      expect(header[0]).toBe(index + 1);
      expect(decodeRecordHeader(header)).toEqual({ type, length });
    }
  }
  for (const number of [0, 7, 8, 128, 255]) {
    expect(decodeRecordHeader(Uint8Array.of(number, 0, 0, 16)).type).toBeUndefined();
  }
});

test('what was disposed of seals and opens nothing more, not under a key that anyone can compute', () => {
  const { sealer, opener } = makePair();
  const record = sealed(sealer, { type: 'data', plaintext: new Uint8Array(3) });
  sealer.dispose();
  opener.dispose();
  expectCode('misuse', () => sealer.seal('data', []));
  expectCode('misuse', () => sealer.update());
  expect(receiveAll(opener, [record]).error?.code).toBe('misuse');
  sealer.dispose();
  opener.dispose();
});

test('a caller who leaves in the middle has ended the direction', () => {
  const { sealer, opener } = makePair();
  const one = sealed(sealer, { type: 'data', plaintext: Uint8Array.of(1) });
  const two = sealed(sealer, { type: 'data', plaintext: Uint8Array.of(2) });
  for (const record of opener.receive(concatBytes(one, two))) {
    expect(record.plaintext).toHaveLength(1);
    break;
  }
  expect(receiveAll(opener, [two]).error?.code).toBe('misuse');
});

test('each direction has its own key: what is sent back does not open', () => {
  const there = makeSealer({ suite: 1 });
  const back = makeOpener({ suite: 2 });
  const record = sealed(there, { type: 'data', plaintext: nodeBackend.randomBytes(20) });
  expect(receiveAll(back, [record]).error?.code).toBe('authentication-failed');
});
