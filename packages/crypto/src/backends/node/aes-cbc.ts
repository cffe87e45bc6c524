import { createCipheriv, createDecipheriv } from 'node:crypto';

import type { CryptoBackend } from '../../backend.js';
import { CryptoError } from '../../errors.js';
import { expectLength } from '../../lengths.js';

/** AES-256-CBC from OpenSSL. */
export const aes256Cbc: CryptoBackend['aes256Cbc'] = {
  encrypt(key, iv) {
    expectLength('AES-256 key', key, 32);
    expectLength('CBC IV', iv, 16);
    return createCipheriv('aes-256-cbc', key, iv);
  },
  decrypt(key, iv) {
    expectLength('AES-256 key', key, 32);
    expectLength('CBC IV', iv, 16);
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return {
      update: (part) => decipher.update(part),
      final() {
        try {
          return decipher.final();
        } catch (cause) {
          throw new CryptoError('authentication-failed', 'The padding is wrong', { cause });
        }
      },
    };
  },
};
