import { ProtocolError } from '../errors.js';

/**
 * Reads a number of bytes as v1 peers announce it.
 *
 * @param text - decimal digits and nothing else
 * @returns the number
 * @throws ProtocolError `malformed` for anything else, or a number that is not exact
 */
export function parseV1Length(text: string): number {
  const length = /^\d{1,16}$/u.test(text) ? Number(text) : Infinity;
  if (Number.isSafeInteger(length)) return length;
  throw new ProtocolError('malformed', 'A length must be a decimal number');
}
