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

/**
 * @param key - a key of AES-SIV
 * @throws CryptoError `bad-key` for a length that none has
 */
export function expectSivKey({ length }: Uint8Array): void {
  if (length !== 32 && length !== 48 && length !== 64) {
    throw new CryptoError('bad-key', `An AES-SIV key must be 32, 48 or 64 bytes, not ${length}`);
  }
}
