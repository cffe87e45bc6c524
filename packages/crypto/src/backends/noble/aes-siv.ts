import { aessiv } from '@noble/ciphers/aes.js';

import type { CryptoBackend } from '../../backend.js';
import { CryptoError } from '../../errors.js';

/** AES-SIV in JavaScript; for both backends, since `node:crypto` lacks it. */
export const aesSiv: CryptoBackend['aesSiv'] = {
  seal(key, associatedData, plaintext) {
    expectKeyLength(key);
    return aessiv(key, ...associatedData).encrypt(plaintext);
  },
  open(key, associatedData, sealed) {
    expectKeyLength(key);
    try {
      return aessiv(key, ...associatedData).decrypt(sealed);
    } catch (cause) {
      throw new CryptoError('authentication-failed', 'The synthetic IV does not match', { cause });
    }
  },
};

function expectKeyLength({ length }: Uint8Array): void {
  if (length !== 32 && length !== 48 && length !== 64) {
    throw new CryptoError('bad-key', `An AES-SIV key must be 32, 48 or 64 bytes, not ${length}`);
  }
}
