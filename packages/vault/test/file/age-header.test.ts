import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { FileKey } from '../../src/file/age/file-key.js';
import { AgeHeaderReader } from '../../src/file/age/header-reader.js';
import { formatAgeHeader, type AgeStanza } from '../../src/file/age/header.js';
import { backends } from '../support/backends.js';
import { arbitraryCuts, byteByByte, cutAt, flipBit, hex, joined } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';

const limit = 65_536;
const noMac = (): Uint8Array => new Uint8Array(32);

const arbitraryArgument = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: 12 })
  .map((codes) => String.fromCharCode(...codes));
const arbitraryStanza: fc.Arbitrary<AgeStanza> = fc.record({
  args: fc.array(arbitraryArgument, { minLength: 1, maxLength: 4 }),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 150 }),
    fc.constantFrom(0, 47, 48, 49, 95, 96, 97, 144).map((length) => new Uint8Array(length).fill(7)),
  ),
});
const arbitraryStanzas = fc.array(arbitraryStanza, { minLength: 1, maxLength: 4 });

function readAll(pieces: readonly Uint8Array[], max = limit): AgeHeaderReader {
  const reader = new AgeHeaderReader(max);
  for (const piece of pieces) reader.receive(piece);
  return reader;
}

function text(header: string): Uint8Array {
  return Uint8Array.from(Buffer.from(header, 'latin1'));
}

function shape(stanzas: readonly AgeStanza[]): unknown {
  return stanzas.map(({ args, body }) => ({ args: [...args], body: hex(body) }));
}

test('what was written reads back, however it is cut, and what follows is left alone', () => {
  fc.assert(
    fc.property(
      arbitraryStanzas,
      fc.uint8Array({ maxLength: 40 }),
      arbitraryCuts(900),
      (stanzas, behind, cuts) => {
        const header = formatAgeHeader(stanzas, noMac);
        const reader = new AgeHeaderReader(limit);
        let used = 0;
        for (const piece of cutAt(joined([header, behind]), cuts)) used += reader.receive(piece);
        expect(used).toBe(header.length);
        expect(reader.header?.length).toBe(header.length);
        expect(shape(reader.header?.stanzas ?? [])).toEqual(shape(stanzas));
        expect(hex(formatAgeHeader(reader.header?.stanzas ?? [], noMac))).toBe(hex(header));
      },
    ),
  );
});

test('what reads at all writes back as the same bytes', () => {
  const alphabet = fc.constantFrom('-', '>', ' ', '\n', 'A', 'B', '=', '+', '/', '\t', 'é');
  const arbitraryTail = fc.array(alphabet, { maxLength: 30 }).map((letters) => letters.join(''));
  const mac = Buffer.alloc(32).toString('base64').replace('=', '');
  let parsed = 0;
  fc.assert(
    fc.property(arbitraryTail, arbitraryTail, (stanza, body) => {
      const header = text(`age-encryption.org/v1\n-> ${stanza}\n${body}\n--- ${mac}\n`);
      const reader = new AgeHeaderReader(limit);
      if (errorOf(() => reader.receive(header))) return;
      if (!reader.header) return;
      parsed++;
      const { stanzas, mac: read, length } = reader.header;
      expect(hex(formatAgeHeader(stanzas, () => read))).toBe(hex(header.subarray(0, length)));
    }),
    { numRuns: 3000 },
  );
  expect(parsed).toBeGreaterThan(0);
});

test('a header is complete with its last byte, not before', () => {
  const header = formatAgeHeader([{ args: ['x'], body: new Uint8Array(48) }], noMac);
  const reader = new AgeHeaderReader(limit);
  for (const piece of byteByByte(header)) {
    expect(reader.header).toBeUndefined();
    expect(reader.receive(piece)).toBe(1);
  }
  expect(reader.header?.length).toBe(header.length);
  expect(reader.receive(Uint8Array.of(1))).toBe(0);
});

describe('refuses', () => {
  const mac = 'A'.repeat(43);
  const full = 'A'.repeat(64);
  test.each([
    ['another version', 'age-encryption.org/v2\n'],
    ['no version', `-> x\n\n--- ${mac}\n`],
    ['an empty first line', '\n'],
    ['a blank behind the version', 'age-encryption.org/v1 \n'],
    ['no stanza', `age-encryption.org/v1\n--- ${mac}\n`],
    ['a stanza without arguments', `age-encryption.org/v1\n->\n\n--- ${mac}\n`],
    ['an empty argument', `age-encryption.org/v1\n-> \n\n--- ${mac}\n`],
    ['two blanks between arguments', `age-encryption.org/v1\n-> a  b\n\n--- ${mac}\n`],
    ['a blank behind the arguments', `age-encryption.org/v1\n-> a \n\n--- ${mac}\n`],
    ['a stanza without a body', `age-encryption.org/v1\n-> a\n--- ${mac}\n`],
    ['a body without a short line', `age-encryption.org/v1\n-> a\n${full}\n--- ${mac}\n`],
    ['a line of 65 columns', `age-encryption.org/v1\n-> a\n${full}A\n\n--- ${mac}\n`],
    ['two short lines', `age-encryption.org/v1\n-> a\nAAAA\nAAAA\n--- ${mac}\n`],
    ['base64 with a bit too many', 'age-encryption.org/v1\n-> a\nAB\n'],
    ['base64 with padding', 'age-encryption.org/v1\n-> a\nAA==\n'],
    ['base64 of an impossible length', 'age-encryption.org/v1\n-> a\nAAAAA\n'],
    ['the other alphabet of base64', 'age-encryption.org/v1\n-> a\nAA-_\n'],
    ['a tabulator', 'age-encryption.org/v1\n-> a\tb\n'],
    ['a carriage return', 'age-encryption.org/v1\r\n'],
    ['a byte that is no ASCII', 'age-encryption.org/v1\n-> \u00e9\n'],
    ['a MAC of another length', `age-encryption.org/v1\n-> a\n\n--- ${mac}A\n`],
    ['no MAC', 'age-encryption.org/v1\n-> a\n\n---\n'],
    ['a MAC without its blank', `age-encryption.org/v1\n-> a\n\n---${mac}\n`],
    ['something else behind a stanza', 'age-encryption.org/v1\n-> a\n\nAAAA\n'],
  ])('%s', (_what, header) => {
    expectCode('malformed', () => readAll([text(header)]));
    expectCode('malformed', () => readAll(byteByByte(text(header))));
  });

  test('a header that never ends, as soon as it is longer than any may be', () => {
    const endless = [
      text('age-encryption.org/v1\n').length,
      ...Array.from({ length: 4 }, () => 50),
    ].map((length, index) =>
      index === 0 ? text('age-encryption.org/v1\n') : text('-'.repeat(length)),
    );
    expectCode('malformed', () => readAll(endless, 200));
    expect(errorOf(() => readAll(endless, 222))).toBeUndefined();
    const stanzas = text(`age-encryption.org/v1\n${'-> a\n\n'.repeat(100)}`);
    expectCode('malformed', () => readAll([stanzas], 500));
  });

  test('to write what no reader takes', () => {
    const body = new Uint8Array(0);
    for (const args of [[], [''], ['a b'], ['a\n'], ['\u00e9'], ['a', '']]) {
      expectCode('misuse', () => formatAgeHeader([{ args, body }], noMac));
    }
    expectCode('misuse', () => formatAgeHeader([], noMac));
  });
});

describe.each(backends)('%s', (_name, backend) => {
  test('the MAC covers every byte, and only the right key verifies it', () => {
    const bytes = new Uint8Array(16).fill(3);
    const fileKey = new FileKey(backend, bytes);
    const otherKey = new FileKey(backend, flipBit(bytes, 0));
    const stanzas = [{ args: ['kind', 'argument'], body: new Uint8Array(60).fill(9) }];
    const header = formatAgeHeader(stanzas, (authenticated) => fileKey.macOf(authenticated));
    const { header: read } = readAll([header]);
    if (!read) throw new Error('no header');
    expect(fileKey.isOf(read)).toBe(true);
    expect(otherKey.isOf(read)).toBe(false);
    for (let bit = 0; bit < header.length * 8; bit++) {
      const reader = new AgeHeaderReader(limit);
      const altered = flipBit(header, bit);
      if (errorOf(() => reader.receive(altered)) || !reader.header) continue;
      expect(fileKey.isOf(reader.header)).toBe(false);
    }
  });
});
