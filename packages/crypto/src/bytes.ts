const encoder = new TextEncoder();

/**
 * Encodes text as UTF-8.
 *
 * @param text - well-formed text; lone surrogates become U+FFFD
 * @returns its bytes
 */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Joins byte strings into one new array.
 *
 * @param parts - the pieces, in order
 * @returns a fresh array that aliases none of them
 */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Compares two byte strings in time that depends on their lengths only, so that a peer
 * cannot find a tag or identity byte by byte from how long a refusal takes.
 *
 * @param a - one value
 * @param b - the other
 * @returns whether they are equal; different lengths are unequal at once
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) {
    difference |= (a[index] as number) ^ (b[index] as number);
  }
  return difference === 0;
}

/**
 * Overwrites secrets with zeros, as far as JavaScript allows: copies that the engine or a
 * native key object made are out of reach.
 *
 * @param secrets - the arrays to clear
 */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
