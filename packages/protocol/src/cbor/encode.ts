import { ProtocolError } from '../errors.js';
import { limits } from '../limits.js';
import {
  argumentIn,
  forbiddenKey,
  majorType,
  simpleValue,
  type CborMap,
  type CborValue,
} from './value.js';

/** Bytes that most messages fit into. */
const firstSize = 256;

/** Keys of a map whose order is worth remembering. */
const mostKnownKeys = 16;

/** Characters up to which a loop is faster than the call of a native function. */
const shortText = 48;

/** Bytes of a type and the longest argument. */
const longestHead = 9;

const utf8 = new TextEncoder();

/**
 * Encodes a value in CBOR's core deterministic encoding (RFC 8949, section 4.2.1).
 *
 * @param value - what to encode
 * @returns the only bytes that stand for it
 * @throws ProtocolError `misuse` for a value that the protocol does not know, such as a
 *   fraction, a larger integer or text with lone surrogates
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new Writer();
  writer.item(value, limits.depth);
  return writer.written;
}

class Writer {
  #bytes = new Uint8Array(firstSize);
  #at = 0;
  /** For each number of keys, those of the last map that had so many, and their order. */
  readonly #orders: { readonly keys: readonly string[]; readonly sorted: readonly string[] }[] = [];

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Takes anything, since types do not hold what callers pass on. */
  item(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'number':
        this.#integer(value);
        return;
      case 'string':
        this.#text(value);
        return;
      case 'boolean':
        this.#head(majorType.simple, value ? simpleValue.true : simpleValue.false);
        return;
      case 'object':
        if (value === null) this.#head(majorType.simple, simpleValue.null);
        else if (value instanceof Uint8Array) this.#byteString(value);
        else this.#container(value, depth);
        return;
      default:
        throw misuse(`a value of type ${typeof value}`);
    }
  }

  #integer(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw misuse('a number that is not an exact integer');
    }
    if (value < 0) this.#head(majorType.negative, -1 - value);
    else this.#head(majorType.unsigned, value);
  }

  #byteString(bytes: Uint8Array): void {
    this.#head(majorType.bytes, bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #text(text: string): void {
    if (text.length <= shortText && this.#shortAscii(text)) return;
    if (!text.isWellFormed()) throw misuse('text that is not valid Unicode');
    const bytes = utf8.encode(text);
    this.#head(majorType.text, bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes a text whose characters take one byte each, or nothing when one takes more. */
  #shortAscii(text: string): boolean {
    const start = this.#at;
    this.#head(majorType.text, text.length);
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        this.#at = start;
        return false;
      }
      this.#bytes[this.#at++] = unit;
    }
    return true;
  }

  #container(value: object, depth: number): void {
    if (depth === 0) throw misuse('values that are nested too deeply');
    if (Array.isArray(value)) {
      this.#head(majorType.list, value.length);
      for (const item of value) this.item(item, depth - 1);
      return;
    }
    if (Object.prototype.toString.call(value) !== '[object Object]') {
      throw misuse('an object that is neither a list nor a map');
    }
    this.#map(value as CborMap, depth);
  }

  #map(map: CborMap, depth: number): void {
    const keys = this.#inOrder(Object.keys(map).filter((key) => map[key] !== undefined));
    this.#head(majorType.map, keys.length);
    for (const key of keys) {
      this.#text(key);
      this.item(map[key], depth - 1);
    }
  }

  /** The maps of a list have the same keys as a rule, which need to be sorted only once. */
  #inOrder(keys: readonly string[]): readonly string[] {
    const known = this.#orders[keys.length];
    if (known?.keys.every((key, index) => key === keys[index]) === true) return known.sorted;
    if (keys.includes(forbiddenKey)) throw misuse('a map with a key that is not allowed');
    const sorted = [...keys].sort(compareEncodings);
    if (keys.length <= mostKnownKeys) this.#orders[keys.length] = { keys, sorted };
    return sorted;
  }

  /** In the shortest form. */
  #head(type: number, argument: number): void {
    this.#reserve(longestHead);
    const first = type << 5;
    if (argument < argumentIn.oneByte) {
      this.#bytes[this.#at++] = first | argument;
    } else if (argument < 2 ** 8) {
      this.#bytes[this.#at++] = first | argumentIn.oneByte;
      this.#unsigned(argument, 1);
    } else if (argument < 2 ** 16) {
      this.#bytes[this.#at++] = first | argumentIn.twoBytes;
      this.#unsigned(argument, 2);
    } else if (argument < 2 ** 32) {
      this.#bytes[this.#at++] = first | argumentIn.fourBytes;
      this.#unsigned(argument, 4);
    } else {
      this.#bytes[this.#at++] = first | argumentIn.eightBytes;
      this.#unsigned(Math.floor(argument / 2 ** 32), 4);
      this.#unsigned(argument % 2 ** 32, 4);
    }
  }

  #unsigned(value: number, size: number): void {
    for (let shift = (size - 1) * 8; shift >= 0; shift -= 8) {
      this.#bytes[this.#at++] = value >>> shift;
    }
  }

  #reserve(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.written);
    this.#bytes = larger;
  }
}

/** In the order of their encodings, where the length comes first (RFC 8949, section 4.2.1). */
function compareEncodings(a: string, b: string): number {
  if (!isAscii(a) || !isAscii(b)) return compareBytes(utf8.encode(a), utf8.encode(b));
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  const different = a.findIndex((byte, index) => byte !== b[index]);
  return different < 0 ? 0 : (a[different] as number) - (b[different] as number);
}

function misuse(what: string): ProtocolError {
  return new ProtocolError('misuse', `Cannot encode ${what}`);
}
