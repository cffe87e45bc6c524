/** What a value may be in a TOML file. */
export type TomlType = 'string' | 'integer' | 'boolean' | 'array';

/** How the values of a setting are written, whether in an argument, a variable or a file. */
export interface Kind<Value> {
  /** What stands for a value in help and in tables. */
  readonly form: string;
  /** What a value may be in a file; a number or a truth value is read like its text. */
  readonly types: readonly TomlType[];
  /** Whether its argument can stand alone, which is the empty text then. */
  readonly standsAlone?: boolean;

  /**
   * @param text - what was written; empty only where a kind stands alone
   * @returns what it means
   * @throws BadValue
   */
  parse(text: string): Value;

  /**
   * Of kinds that can be an array: reads one of texts.
   *
   * @param words - what was written
   * @returns what it means
   * @throws BadValue
   */
  parseWords?(words: readonly string[]): Value;
}

/** A value means nothing; the message goes on behind the name of its setting. */
export class BadValue extends Error {
  override readonly name: string = 'BadValue';
}

/**
 * @param expected - what it should have been
 * @param text - what was written
 * @returns the error to throw
 */
export function notWhatIs(expected: string, text: string): BadValue {
  return new BadValue(`must be ${expected}, not "${text}"`);
}
