import type { CborMap, CborValue } from '@e2eeftp/protocol';

import type { Random } from './random.js';

const major = { uint: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5 } as const;

/** What is no UTF-8: lone surrogates, overlong forms, bytes of nothing, and what is too large. */
const noText = ['eda080', 'edb2a9', 'c080', 'e080af', 'ff', 'f4908080', '80', 'c3'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** Items that a strict reader knows nothing of: floats, undefined, simple values, a break, tags. */
const strangers = [
  ...['f90000', 'f97e00', 'fa3f800000', 'fb7ff0000000000000', 'f7', 'f0', 'f820', 'f8ff', 'ff'],
  ...['c100', 'c249010000000000000000', 'd9d9f7a0', '1bffffffffffffffff', '3bffffffffffffffff'],
  ...['1b0020000000000000', '1c', '5d', '9e', 'bf', '9f', '5f', '7f', '5f4100ff', '7f6100ff'],
].map((hex) => Buffer.from(hex, 'hex'));

/**
 * Writes a value as CBOR that is wrong in one place: RFC 8949 forbids it, or its core deterministic
 * encoding does.
 *
 * @param value - what to write
 */
export function crookedCbor(random: Random, value: CborValue): Uint8Array {
  return new CrookedWriter(random, random.below(itemsOf(value))).item(value);
}

function itemsOf(value: CborValue): number {
  if (isList(value)) return value.reduce<number>((sum, item) => sum + itemsOf(item), 1);
  if (!isMap(value)) return 1;
  return present(value).reduce((sum, [, item]) => sum + 1 + itemsOf(item), 1);
}

class CrookedWriter {
  readonly #random: Random;
  /** Items that come before the one that is wrong. */
  #left: number;

  constructor(random: Random, left: number) {
    this.#random = random;
    this.#left = left;
  }

  item(value: CborValue): Uint8Array {
    if (this.#left-- === 0) return this.#crooked(value);
    return this.#straight(value);
  }

  #straight(value: CborValue): Uint8Array {
    if (value === null) return Uint8Array.of(0xf6);
    if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4);
    const items = this.#itemsIn(value);
    const { type, count } = headOf(value);
    return Buffer.concat([head(type, count), ...items]);
  }

  #itemsIn(value: Exclude<CborValue, null | boolean>): Uint8Array[] {
    if (typeof value === 'number') return [];
    if (typeof value === 'string') return [Buffer.from(value)];
    if (value instanceof Uint8Array) return [value];
    if (isMap(value))
      return sorted(value).flatMap(([key, item]) => [this.item(key), this.item(item)]);
    return value.map((item) => this.item(item));
  }

  #crooked(value: CborValue): Uint8Array {
    const random = this.#random;
    const ways = { stranger: 3, tag: 1, length: 3, long: 3, endless: 2, deep: 1, own: 4 };
    if (value === null || typeof value === 'boolean') return random.pick(strangers);
    const { type, count } = headOf(value);
    const content = Buffer.concat(this.#itemsIn(value));
    switch (random.weighted(ways)) {
      case 'stranger':
        return random.pick(strangers);
      case 'tag':
        return Buffer.concat([
          head(6, random.pick([0, 1, 2, 24, 55_799])),
          head(type, count),
          content,
        ]);
      case 'length': {
        const wrong = random.pick([count + 1, count + 24, 2 ** 16, 2 ** 32 - 1, 2 ** 53, 0]);
        return Buffer.concat([head(type, wrong), content]);
      }
      case 'long':
        return Buffer.concat([head(type, count, random.pick([1, 2, 4, 8])), content]);
      case 'endless':
        return Buffer.concat([Uint8Array.of((type << 5) | 31), content, Uint8Array.of(0xff)]);
      case 'deep': {
        const opening = random.pick([0x81, 0xa1, 0xc0, 0x9f]);
        return Buffer.alloc(random.pick([9, 100, 60_000]), opening);
      }
      case 'own':
        return this.#crookedAsItself(value, content);
    }
  }

  /** Wrong in a way that only values of its kind can be. */
  #crookedAsItself(value: Exclude<CborValue, null | boolean>, content: Uint8Array): Uint8Array {
    const random = this.#random;
    if (typeof value === 'string') {
      const bytes = Buffer.concat([content, random.pick(noText)]);
      return Buffer.concat([head(major.text, bytes.length), bytes]);
    }
    if (!isMap(value)) return random.pick(strangers);
    const [key, item] = random.pick([...present(value), ['__proto__', {}] as const]);
    const twice = Buffer.concat([this.#straight(key), this.#straight(item)]);
    const entries = random.chance(50) ? [content, twice] : [twice, content];
    return Buffer.concat([head(major.map, present(value).length + 1), ...entries]);
  }
}

/** The type and the number that an item begins with. */
function headOf(value: Exclude<CborValue, null | boolean>): { type: number; count: number } {
  if (typeof value === 'string') return { type: major.text, count: Buffer.byteLength(value) };
  if (value instanceof Uint8Array) return { type: major.bytes, count: value.length };
  if (isMap(value)) return { type: major.map, count: present(value).length };
  if (typeof value !== 'number') return { type: major.list, count: value.length };
  return value < 0
    ? { type: major.negative, count: -1 - value }
    : { type: major.uint, count: value };
}

/** In as few bytes as can hold the number, or in more. */
function head(type: number, count: number, least = 0): Uint8Array {
  const needed =
    count < 24 ? 0 : count < 2 ** 8 ? 1 : count < 2 ** 16 ? 2 : count < 2 ** 32 ? 4 : 8;
  const width = Math.max(needed, least);
  if (width === 0) return Uint8Array.of((type << 5) | count);
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = (type << 5) | (24 + Math.log2(width));
  if (width === 8) bytes.writeBigUInt64BE(BigInt(count), 1);
  else bytes.writeUIntBE(count, 1, width);
  return bytes;
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

function isMap(value: CborValue): value is CborMap {
  return (
    typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array)
  );
}

function present(map: CborMap): [string, CborValue][] {
  return Object.entries(map).flatMap(([key, item]) => (item === undefined ? [] : [[key, item]]));
}

/** As the deterministic encoding has them: by the bytes of the encoded keys. */
function sorted(map: CborMap): [string, CborValue][] {
  const encoded = (key: string): Buffer =>
    Buffer.concat([head(major.text, Buffer.byteLength(key)), Buffer.from(key)]);
  return present(map).sort(([a], [b]) => encoded(a).compare(encoded(b)));
}
