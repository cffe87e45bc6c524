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

/** The types of items that a message can hold (RFC 8949, section 3.1). */
export const majorType = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  list: 4,
  map: 5,
  simple: 7,
} as const;

/** The simple values that a message can hold (RFC 8949, section 3.3). */
export const simpleValue = { false: 20, true: 21, null: 22 } as const;

/** Says how many bytes behind the first one hold an argument that does not fit into it. */
export const argumentIn = { oneByte: 24, twoBytes: 25, fourBytes: 26, eightBytes: 27 } as const;

/** A key that is harmless here, but the first copy that assigns it would change a prototype. */
export const forbiddenKey = '__proto__';
