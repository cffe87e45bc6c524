import { decode, encode, rfc8949EncodeOptions, Tokenizer, type Token } from 'cborg';

import { ProtocolError } from './errors.js';
import { limits } from './limits.js';

/**
 * What a message can hold: integers within ±(2^53 − 1), text, bytes, booleans, null, lists and
 * maps with text keys. A property that is `undefined` is left out.
 */
export type CborValue =
  null | boolean | number | string | Uint8Array | readonly CborValue[] | CborMap;

/** A map with text keys. */
export interface CborMap {
  readonly [key: string]: CborValue | undefined;
}

const encodeOptions = { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true };
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Encodes a value in CBOR's core deterministic encoding (RFC 8949, section 4.2.1).
 *
 * @param value - what to encode
 * @returns the only bytes that stand for it
 * @throws ProtocolError `misuse` for a value that the protocol does not know, such as a
 *   fraction, a larger integer or text with lone surrogates
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const reason = findViolation(value, limits.depth);
  if (reason !== undefined) throw new ProtocolError('misuse', `Cannot encode ${reason}`);
  return encode(value, encodeOptions);
}

/**
 * Decodes one value, and refuses whatever {@link encodeCbor} would not have written: two
 * encodings of one value are a way around checks that compare bytes.
 *
 * @param bytes - one item and nothing behind it; not kept, but byte strings may alias it
 * @returns the value
 * @throws ProtocolError `malformed`
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  let value: CborValue;
  try {
    const options = { strict: true, allowIndefinite: false, retainStringBytes: true };
    const tokenizer = new StrictTokenizer(bytes, options);
    value = decode(bytes, { ...options, tokenizer, rejectDuplicateMapKeys: true }) as CborValue;
    const reason = findViolation(value, limits.depth);
    if (reason !== undefined) throw new ProtocolError('malformed', `The peer sent ${reason}`);
  } catch (cause) {
    throw new ProtocolError('malformed', 'The peer sent a message that is not valid', { cause });
  }
  return value;
}

/** A list or map that is being read. */
interface OpenContainer {
  readonly isMap: boolean;
  /** How many items it still expects; a key and its value are two. */
  left: number;
  /** The last key of a map. */
  lastKey: Uint8Array | undefined;
}

/**
 * Refuses while reading what the decoder would let pass: nesting, since decoding recurses and a
 * peer could nest until the stack is full; text that is not UTF-8, since a replaced or dropped
 * character would be another name; keys out of order, and whole numbers in the form of fractions,
 * since nothing may have two encodings.
 */
class StrictTokenizer extends Tokenizer {
  readonly #open: OpenContainer[] = [];

  override next(): Token {
    const token = super.next();
    const { name } = token.type;
    if (name === 'float') throw new Error('a fraction');
    if (name === 'string') token.value = text.decode(token.byteValue);
    this.#countItem(token);
    if (name === 'array' || name === 'map') {
      this.#openContainer(Number(token.value), name === 'map');
    }
    while (this.#open.at(-1)?.left === 0) this.#open.pop();
    return token;
  }

  #countItem(token: Token): void {
    const container = this.#open.at(-1);
    if (!container) return;
    if (container.isMap && container.left % 2 === 0) {
      const key = token.byteValue;
      if (!key) throw new Error('a key that is no text');
      if (container.lastKey && !precedes(container.lastKey, key))
        throw new Error('keys out of order');
      container.lastKey = key;
    }
    container.left -= 1;
  }

  #openContainer(length: number, isMap: boolean): void {
    if (length === 0) return;
    if (this.#open.length >= limits.depth) throw new Error('too deep');
    this.#open.push({ isMap, left: isMap ? length * 2 : length, lastKey: undefined });
  }
}

/** In the order of their encodings, where the length comes first (RFC 8949, section 4.2.1). */
function precedes(earlier: Uint8Array, later: Uint8Array): boolean {
  if (earlier.length !== later.length) return earlier.length < later.length;
  for (const [index, byte] of earlier.entries()) {
    const other = later[index] as number;
    if (byte !== other) return byte < other;
  }
  return false;
}

/** Says what in a value the protocol does not allow, or `undefined` when all is well. */
function findViolation(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? undefined
        : 'a number that is not an exact integer';
    case 'string':
      return value.isWellFormed() ? undefined : 'text that is not valid Unicode';
    case 'object':
      if (value === null || value instanceof Uint8Array) return undefined;
      return findViolationWithin(value, depth);
    default:
      return `a value of type ${typeof value}`;
  }
}

function findViolationWithin(value: object, depth: number): string | undefined {
  if (depth === 0) return 'values that are nested too deeply';
  if (Array.isArray(value)) return findViolationAmong(value, depth - 1);
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    return 'an object that is neither a list nor a map';
  }
  for (const key of Object.keys(value)) {
    // Harmless here, but the first copy that assigns it would change that object's prototype.
    if (key === '__proto__') return 'a map with a key that is not allowed';
    if (!key.isWellFormed()) return 'a key that is not valid Unicode';
  }
  const present = Object.values(value).filter((item) => item !== undefined);
  return findViolationAmong(present, depth - 1);
}

function findViolationAmong(items: readonly unknown[], depth: number): string | undefined {
  for (const item of items) {
    const reason = findViolation(item, depth);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
