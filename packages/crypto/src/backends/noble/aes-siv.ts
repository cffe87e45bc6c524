import { aessiv } from '@noble/ciphers/aes.js';

import type { AesSivKey } from '../../backend.js';
import { CryptoError } from '../../errors.js';
import { expectSivKey } from '../../lengths.js';

/**
 * AES-SIV in JavaScript.
 *
 * @param key - 32, 48 or 64 bytes
 * @returns the key, ready to be used
 */
export function aesSiv(key: Uint8Array): AesSivKey {
  expectSivKey(key);
  const secret = Uint8Array.from(key);
  return {
    seal: (associatedData, plaintext) => aessiv(secret, ...associatedData).encrypt(plaintext),
    open(associatedData, sealed) {
      try {
        return aessiv(secret, ...associatedData).decrypt(sealed);
      } catch (cause) {
        throw new CryptoError('authentication-failed', 'The synthetic IV does not match', {
          cause,
        });
      }
    },
  };
}
