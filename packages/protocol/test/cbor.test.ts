import { describe, expect, test } from '@jest/globals';
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';

import { decodeCbor, encodeCbor, ProtocolError, type CborValue } from '../src/index.js';
import { fromHex, toHex } from './support/bytes.js';
import { codeOf } from './support/errors.js';

// Every code point but surrogates: a byte order mark, controls and astral characters are among them.
const anyText = fc.string({ unit: 'binary', maxLength: 40 });

const anyScalar: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger().filter((value) => !Object.is(value, -0)),
  fc.integer({ min: -300, max: 70_000 }),
  anyText,
  fc.uint8Array({ maxLength: 300 }),
);

const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 7, depthSize: 'small' },
    anyScalar,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      anyText.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
}));

/** A value inside so many lists. */
function nested(depth: number, inside: CborValue): CborValue {
  let value = inside;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe('encoding', () => {
  // From RFC 8949, appendix A: what is within the profile.
  test.each<[string, CborValue]>([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['20', -1],
    ['3863', -100],
    ['3903e7', -1000],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['40', new Uint8Array(0)],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['60', ''],
    ['6449455446', 'IETF'],
    ['62225c', '"\\'],
    ['62c3bc', 'ü'],
    ['63e6b0b4', '水'],
    ['64f0908591', '\u{10151}'],
    ['80', []],
    ['83010203', [1, 2, 3]],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    [
      '98190102030405060708090a0b0c0d0e0f101112131415161718181819',
      Array.from({ length: 25 }, (_, i) => i + 1),
    ],
    ['a0', {}],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
    ['a56161614161626142616361436164614461656145', { a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' }],
  ])('%s is the only encoding of its value', (hex, value) => {
    expect(toHex(encodeCbor(value))).toBe(hex);
    expect(decodeCbor(fromHex(hex))).toEqual(value);
  });

  test.each([
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['3b001ffffffffffffe', Number.MIN_SAFE_INTEGER],
    ['1affffffff', 2 ** 32 - 1],
    ['1b0000000100000000', 2 ** 32],
    ['3affffffff', -(2 ** 32)],
    ['3b0000000100000000', -(2 ** 32) - 1],
    ['19ffff', 65_535],
    ['1a00010000', 65_536],
  ])('the integer %s stands at the edge of its form', (hex, value) => {
    expect(toHex(encodeCbor(value))).toBe(hex);
    expect(decodeCbor(fromHex(hex))).toBe(value);
  });

  test('keys are sorted by the bytes of their encodings, so a shorter key comes first', () => {
    const keys = ['z', 'aa', '10', '9', '', 'é', 'ab', 'constructor'];
    const map = Object.fromEntries(keys.map((key) => [key, 0]));
    const sorted = ['', '9', 'z', '10', 'aa', 'ab', 'é', 'constructor'];
    expect(Object.keys(decodeCbor(encodeCbor(map)) as object).sort()).toEqual([...keys].sort());
    expect(toHex(encodeCbor(map))).toBe(
      `a8${sorted.map((key) => `${toHex(encodeCbor(key))}00`).join('')}`,
    );
  });

  test('a property that is undefined is as if it were not there', () => {
    expect(toHex(encodeCbor({ b: undefined, a: 1, c: { d: undefined } }))).toBe(
      'a2616101 6163a0'.replace(' ', ''),
    );
  });

  test('a byte order mark is text like any other', () => {
    for (const text of ['\uFEFF', '\uFEFFname', 'na\uFEFFme', '\uFEFF\uFEFF']) {
      expect(decodeCbor(encodeCbor(text))).toBe(text);
      expect(decodeCbor(encodeCbor({ [text]: [text] }))).toEqual({ [text]: [text] });
    }
  });

  test.each<[string, unknown]>([
    ['a fraction', 0.5],
    ['a fraction within', { a: [1.5] }],
    ['minus zero', -0],
    ['NaN', NaN],
    ['infinity', -Infinity],
    ['2^53', 2 ** 53],
    ['-2^53', -(2 ** 53)],
    ['a bigint', 1n],
    ['undefined', undefined],
    ['undefined in a list', [undefined]],
    ['a hole in a list', Array(1)],
    ['a symbol', Symbol('s')],
    ['a function', (): void => undefined],
    ['a lone surrogate', 'a\uD800'],
    ['a lone surrogate in a key', { '\uDC00': 1 }],
    ['a key that is a prototype', JSON.parse('{"a":{"__proto__":1}}')],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['a Date', new Date(0)],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['other numbers in memory', Uint16Array.of(1)],
    ['nine lists', nested(9, 1)],
    ['nine lists, the last empty', nested(8, [])],
    ['nine maps, the last empty', nested(8, {})],
  ])('%s cannot be encoded', (_what, value) => {
    expect(codeOf(() => encodeCbor(value as CborValue))).toBe('misuse');
  });

  test('what contains itself cannot be encoded', () => {
    const list: CborValue[] = [];
    list.push(list);
    expect(codeOf(() => encodeCbor(list))).toBe('misuse');
  });

  test('values may be nested eight deep', () => {
    for (const inside of [1, 'a', Uint8Array.of(1), null]) {
      const value = nested(8, inside);
      expect(decodeCbor(encodeCbor(value))).toEqual(value);
    }
    expect(decodeCbor(encodeCbor(nested(7, {})))).toEqual(nested(7, {}));
  });
});

describe('properties', () => {
  test('what was encoded decodes to the same value, and that encodes to the same bytes', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCbor(value);
        const decoded = decodeCbor(bytes);
        expect(decoded).toEqual(value);
        expect(toHex(encodeCbor(decoded))).toBe(toHex(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('another implementation writes the same bytes, and reads the same value from them', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCbor(value);
        expect(toHex(bytes)).toBe(toHex(encode(value, rfc8949EncodeOptions)));
        expect(decode(bytes)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('the order in which a map was filled does not change its bytes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { maxLength: 12 }), (keys) => {
        const safe = keys.filter((key) => key !== '__proto__');
        const forth = Object.fromEntries(safe.map((key) => [key, key]));
        const back = Object.fromEntries(safe.toReversed().map((key) => [key, key]));
        expect(toHex(encodeCbor(forth))).toBe(toHex(encodeCbor(back)));
      }),
    );
  });

  test('whatever bytes decode are those that the value encodes to', () => {
    // Bytes that are dense in CBOR's first bytes, so that a good part of them decodes.
    const denseByte = fc.oneof(
      fc.constantFrom(0x00, 0x17, 0x18, 0x20, 0x40, 0x41, 0x60, 0x61, 0x80, 0x81, 0x82, 0xa0, 0xa1),
      fc.constantFrom(0xf4, 0xf5, 0xf6, 0xf7, 0xf9, 0xff, 0x5f, 0x7f, 0x9f, 0xbf, 0xc0, 0x19, 0x1b),
      fc.integer({ min: 0, max: 255 }),
    );
    let decodable = 0;
    fc.assert(
      fc.property(fc.array(denseByte, { maxLength: 12 }), (raw) => {
        expectStrict(Uint8Array.from(raw), () => decodable++);
      }),
      { numRuns: 3000 },
    );
    expect(decodable).toBeGreaterThan(50);
  });

  test('a valid encoding with a byte changed, added or removed is refused or canonical', () => {
    const edit = fc.record({
      place: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
      removed: fc.integer({ min: 0, max: 2 }),
      added: fc.integer({ min: 0, max: 1 }),
    });
    fc.assert(
      fc.property(anyValue, edit, (value, { place, byte, removed, added }) => {
        const bytes = encodeCbor(value);
        const at = place % bytes.length;
        const edited = [...bytes].toSpliced(at, removed, ...Array<number>(added).fill(byte));
        expectStrict(Uint8Array.from(edited), () => undefined);
      }),
      { numRuns: 2000 },
    );
  });

  test('no part of an encoding is an encoding', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCbor(value);
        for (let length = 0; length < bytes.length; length++) {
          expect(codeOf(() => decodeCbor(bytes.subarray(0, length)))).toBe('malformed');
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** Either refused as malformed, or exactly what encoding gives. */
function expectStrict(bytes: Uint8Array, onDecoded: () => void): void {
  let value: CborValue;
  try {
    value = decodeCbor(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as ProtocolError).code).toBe('malformed');
    return;
  }
  expect(toHex(encodeCbor(value))).toBe(toHex(bytes));
  onDecoded();
}
