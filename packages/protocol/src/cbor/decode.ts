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

/**
 * Bytes up to which a loop is faster than the call of a native function: few, since a text that was put
 * together is put together once more by whoever looks at it.
 */
const shortText = 12;

/** A replaced or dropped character would be another name. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes one value, and refuses whatever `encodeCbor` would not have written: two encodings of one
 * value are a way around checks that compare bytes.
 *
 * @param bytes - one item and nothing behind it; not kept
 * @returns the value
 * @throws ProtocolError `malformed`
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  try {
    const reader = new Reader(bytes);
    const value = reader.item(limits.depth);
    reader.requireEnd();
    return value;
  } catch (cause) {
    throw new ProtocolError('malformed', 'The peer sent a message that is not valid', { cause });
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Nesting is bounded, since reading recurses and a peer could nest until the stack is full. */
  item(depth: number): CborValue {
    const first = this.#byte();
    const type = first >> 5;
    if (type === majorType.simple) return simple(first & 0x1f);
    const argument = this.#argument(first & 0x1f);
    switch (type) {
      case majorType.unsigned:
        return argument;
      case majorType.negative:
        return negative(argument);
      case majorType.bytes:
        return new Uint8Array(this.#take(argument));
      case majorType.text:
        return this.#text(argument);
      case majorType.list:
        return this.#list(argument, depth);
      case majorType.map:
        return this.#map(argument, depth);
      default:
        throw new Error('A tag');
    }
  }

  requireEnd(): void {
    if (this.#at !== this.#bytes.length) throw new Error('Something behind the end');
  }

  #list(length: number, depth: number): CborValue[] {
    this.#requireRoom(length, depth);
    const list: CborValue[] = [];
    for (let index = 0; index < length; index++) list.push(this.item(depth - 1));
    return list;
  }

  #map(length: number, depth: number): CborMap {
    this.#requireRoom(length * 2, depth);
    const map: Record<string, CborValue> = {};
    let previous: Uint8Array | undefined;
    for (let index = 0; index < length; index++) {
      const start = this.#at;
      const key = this.#key();
      const encoded = this.#bytes.subarray(start, this.#at);
      if (previous && !precedes(previous, encoded)) throw new Error('Keys out of order');
      previous = encoded;
      map[key] = this.item(depth - 1);
    }
    return map;
  }

  #key(): string {
    const first = this.#byte();
    if (first >> 5 !== majorType.text) throw new Error('A key that is no text');
    const key = this.#text(this.#argument(first & 0x1f));
    if (key === forbiddenKey) throw new Error('A key that is not allowed');
    return key;
  }

  #text(length: number): string {
    const start = this.#at;
    const bytes = this.#take(length);
    if (length > shortText) return utf8.decode(bytes);
    let text = '';
    for (let at = start; at < this.#at; at++) {
      const byte = this.#bytes[at] as number;
      if (byte > 0x7f) return utf8.decode(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Refuses longer forms than needed, reserved ones, and what has no length of its own. */
  #argument(information: number): number {
    switch (information) {
      case argumentIn.oneByte:
        return atLeast(argumentIn.oneByte, this.#byte());
      case argumentIn.twoBytes:
        return atLeast(2 ** 8, this.#unsigned(2));
      case argumentIn.fourBytes:
        return atLeast(2 ** 16, this.#unsigned(4));
      case argumentIn.eightBytes:
        return atLeast(2 ** 32, this.#unsigned(4) * 2 ** 32 + this.#unsigned(4));
      default:
        if (information > argumentIn.eightBytes) throw new Error('A length that is not known');
        return information;
    }
  }

  #unsigned(size: number): number {
    let value = 0;
    for (let index = 0; index < size; index++) value = value * 2 ** 8 + this.#byte();
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error('Cut off');
    this.#at += 1;
    return byte;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error('Cut off');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Every item takes a byte: a number that promises more must not make anybody reserve memory. */
  #requireRoom(items: number, depth: number): void {
    if (depth === 0) throw new Error('Nested too deeply');
    if (items > this.#bytes.length - this.#at) throw new Error('Cut off');
  }
}

function simple(value: number): boolean | null {
  switch (value) {
    case simpleValue.false:
      return false;
    case simpleValue.true:
      return true;
    case simpleValue.null:
      return null;
    default:
      throw new Error('A fraction, or a simple value that has no meaning here');
  }
}

function negative(argument: number): number {
  const value = -1 - argument;
  if (!Number.isSafeInteger(value)) throw new Error('A number too large');
  return value;
}

function atLeast(least: number, argument: number): number {
  if (argument < least) throw new Error('A longer form than needed');
  if (argument > Number.MAX_SAFE_INTEGER) throw new Error('A number too large');
  return argument;
}

/** Their heads are in the shortest form, so what is longer has the greater head (section 4.2.1). */
function precedes(earlier: Uint8Array, later: Uint8Array): boolean {
  if (earlier.length !== later.length) return earlier.length < later.length;
  for (let index = 0; index < earlier.length; index++) {
    const difference = (earlier[index] as number) - (later[index] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
