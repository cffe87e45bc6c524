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
const decodeOptions = { strict: true, allowIndefinite: false };
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
  try {
    const tokenizer = new CanonicalTokenizer(bytes);
    return decode(bytes, { ...decodeOptions, tokenizer }) as CborValue;
  } catch (cause) {
    throw new ProtocolError('malformed', 'The peer sent a message that is not valid', { cause });
  }
}

/** What a message can hold, by the names that the tokenizer has for it. */
const knownTypes: ReadonlySet<string> = new Set([
  'uint',
  'negint',
  'bytes',
  'string',
  'array',
  'map',
  'false',
  'true',
  'null',
]);

/** A list or map that is being read. */
interface Open {
  readonly isMap: boolean;
  /** Items that are still to come; a map has two for each pair. */
  missing: number;
  /** Where the encoding of the last key is; nowhere before the first one. */
  keyStart: number;
  keyEnd: number;
}

/**
 * Refuses what is not canonical while it is read; the library sees to the shortest integers and
 * lengths. To encode the value again and compare would need fifty times the memory of a listing.
 *
 * It counts the depth, since decoding recurses and a peer could nest until the stack is full, and
 * decodes text strictly: a replaced or dropped character would be another name.
 */
class CanonicalTokenizer extends Tokenizer {
  readonly #bytes: Uint8Array;
  readonly #open: Open[] = [];

  constructor(bytes: Uint8Array) {
    super(bytes, decodeOptions);
    this.#bytes = bytes;
  }

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    const { name } = token.type;
    if (!knownTypes.has(name)) throw new Error(`no ${name} is allowed`);
    if (typeof token.value === 'bigint') throw new Error('a number is too large');
    if (name === 'string' && !isAscii(this.#bytes, start + 1, this.pos())) {
      const content = start + headLength(this.#bytes[start] ?? 0);
      token.value = text.decode(this.#bytes.subarray(content, this.pos()));
    }
    this.#takePlace(token, start);
    if (name === 'array') this.#openContainer(false, Number(token.value));
    else if (name === 'map') this.#openContainer(true, Number(token.value) * 2);
    while (this.#open.at(-1)?.missing === 0) this.#open.pop();
    return token;
  }

  #takePlace(token: Token, start: number): void {
    const container = this.#open.at(-1);
    if (!container) return;
    if (container.isMap && container.missing % 2 === 0) {
      if (token.type.name !== 'string') throw new Error('a key is no text');
      // Harmless here, but the first copy that assigns it would change that object's prototype.
      if (token.value === '__proto__') throw new Error('a key is not allowed');
      if (!this.#isBehind(container, start)) throw new Error('keys are out of order, or twice');
      container.keyStart = start;
      container.keyEnd = this.pos();
    }
    container.missing -= 1;
  }

  /** Keys are in the order of their encodings, of which none begins with another one. */
  #isBehind({ keyStart, keyEnd }: Open, start: number): boolean {
    for (let index = 0; index < keyEnd - keyStart; index++) {
      const [before, byte] = [this.#bytes[keyStart + index], this.#bytes[start + index]];
      if (byte !== before) return (byte ?? 0) > (before ?? 0);
    }
    return keyStart === keyEnd;
  }

  #openContainer(isMap: boolean, missing: number): void {
    if (this.#open.length >= limits.depth) throw new Error('too deep');
    this.#open.push({ isMap, missing, keyStart: 0, keyEnd: 0 });
  }
}

/** Whether text stands for itself, however it is decoded; lengths in the way do no harm. */
function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if ((bytes[index] ?? 0) > 0x7f) return false;
  return true;
}

/** Bytes before the content of a text, by the first one (RFC 8949, section 3). */
function headLength(first: number): number {
  const information = first & 0x1f;
  return information < 24 ? 1 : 1 + 2 ** (information - 24);
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
