import { CryptoError } from './errors.js';

/**
 * Refuses key material of the wrong length before any primitive sees it.
 *
 * @param what - the name of the value, for the message
 * @param value - the bytes
 * @param length - how many there must be
 * @throws CryptoError `bad-key`
 */
export function expectLength(what: string, value: Uint8Array, length: number): void {
  if (value.length !== length) {
    throw new CryptoError('bad-key', `${what} must be ${length} bytes, not ${value.length}`);
  }
}
