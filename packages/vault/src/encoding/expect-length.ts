import { VaultError } from '../errors.js';

/**
 * Refuses a value of the wrong length before anything is computed with it.
 *
 * @param what - the name of the value, for the message
 * @param value - the bytes
 * @param length - how many there must be
 * @throws VaultError `misuse`
 */
export function expectLength(what: string, value: Uint8Array, length: number): void {
  if (value.length !== length) {
    throw new VaultError('misuse', `${what} must be ${length} bytes, not ${value.length}`);
  }
}
