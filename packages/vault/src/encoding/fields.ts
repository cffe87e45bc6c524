import { decodeCbor, type CborMap, type CborValue } from '@e2eeftp/protocol';

import { VaultError } from '../errors.js';

/** The smallest and the largest that a length or a number may be. */
type Range = readonly [least: number, most: number];

/**
 * A map that has exactly the fields of its kind, read by name and form: what a signature covers
 * must have one meaning, so nothing unknown, missing or out of bounds goes by.
 */
export class Fields {
  readonly #what: string;
  readonly #map: CborMap;

  /**
   * @param what - what the map is, for messages
   * @param value - what was decoded
   * @param names - the fields that it must have, and no others
   * @throws VaultError `malformed`
   */
  constructor(what: string, value: CborValue | undefined, names: readonly string[]) {
    this.#what = what;
    if (!isMap(value)) throw this.#malformed('is no map');
    const found = Object.keys(value);
    if (found.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) {
      throw this.#malformed('does not have the fields that it must have');
    }
    this.#map = value;
  }

  /**
   * Decodes a map that stands alone.
   *
   * @param what - what the map is, for messages
   * @param bytes - its deterministic CBOR
   * @param most - how many bytes there may be, so that nobody makes us decode more
   * @param names - the fields that it must have, and no others
   * @returns the fields
   * @throws VaultError `malformed`
   */
  static decode(what: string, bytes: Uint8Array, most: number, names: readonly string[]): Fields {
    if (bytes.length > most) throw malformed(what, `has more than ${most} bytes`);
    let value: CborValue;
    try {
      value = decodeCbor(bytes);
    } catch (cause) {
      throw malformed(what, 'is not deterministic CBOR', { cause });
    }
    return new Fields(what, value, names);
  }

  /**
   * @param name - a field
   * @returns what stands there, of whichever form
   */
  value(name: string): CborValue | undefined {
    return this.#map[name];
  }

  /**
   * @param name - a field
   * @param lengths - how many bytes there may be
   * @returns the bytes
   * @throws VaultError `malformed`
   */
  bytes(name: string, ...lengths: readonly number[]): Uint8Array {
    const value = this.#map[name];
    if (value instanceof Uint8Array && lengths.includes(value.length)) return value;
    throw this.#malformed(`has a ${name} that is not ${lengths.join(' or ')} bytes`);
  }

  /**
   * @param name - a field
   * @returns at least one byte
   * @throws VaultError `malformed`
   */
  someBytes(name: string): Uint8Array {
    const value = this.#map[name];
    if (value instanceof Uint8Array && value.length > 0) return value;
    throw this.#malformed(`has no bytes as its ${name}`);
  }

  /**
   * @param name - a field
   * @param range - the smallest and the largest that it may be
   * @returns the number
   * @throws VaultError `malformed`
   */
  integer(name: string, range: Range): number {
    const [least, most] = range;
    const value = this.#map[name];
    if (typeof value === 'number' && value >= least && value <= most) return value;
    throw this.#malformed(`has a ${name} that is no number from ${least} to ${most}`);
  }

  /**
   * @param name - a field
   * @returns the text, of any length
   * @throws VaultError `malformed`
   */
  text(name: string): string {
    const value = this.#map[name];
    if (typeof value === 'string') return value;
    throw this.#malformed(`has a ${name} that is no text`);
  }

  /**
   * @param name - a field
   * @param choices - the texts that may stand there
   * @returns one of them
   * @throws VaultError `malformed`
   */
  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.#map[name];
    const choice = choices.find((candidate) => candidate === value);
    if (choice !== undefined) return choice;
    throw this.#malformed(`has a ${name} that is none of ${choices.join(', ')}`);
  }

  /**
   * @param name - a field
   * @param range - how few and how many there may be
   * @returns the list
   * @throws VaultError `malformed`
   */
  list(name: string, range: Range): readonly CborValue[] {
    const [least, most] = range;
    const value = this.#map[name];
    if (isList(value) && value.length >= least && value.length <= most) return value;
    throw this.#malformed(`has ${name} that are no list of ${least} to ${most}`);
  }

  #malformed(reason: string): VaultError {
    return malformed(this.#what, reason);
  }
}

/**
 * @param what - what was read
 * @param reason - what is wrong with it
 * @param options - the `cause`, when another error led here
 * @returns the error to throw
 */
export function malformed(what: string, reason: string, options?: ErrorOptions): VaultError {
  return new VaultError(
    'malformed',
    `The ${what} ${reason}: it was altered, or comes from a newer program; fetch it again, and if it stays so, ask an owner`,
    options,
  );
}

function isList(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

function isMap(value: CborValue | undefined): value is CborMap {
  return (
    typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array)
  );
}
