import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';

import type { AeadKey, AeadName } from '../../backend.js';
import { concatBytes } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';

const ciphers = { 'aes-256-gcm': gcm, 'chacha20-poly1305': chacha20poly1305 } as const;

/** AES-256-GCM and ChaCha20-Poly1305 in JavaScript, one shot: a message is buffered until its tag came. */
export function aead(name: AeadName, key: Uint8Array): AeadKey {
  expectLength('AEAD key', key, sizes.aeadKey);
  const secret = Uint8Array.from(key);
  const cipher = ciphers[name];
  return {
    seal(nonce, associatedData, plaintext) {
      expectLength('AEAD nonce', nonce, sizes.aeadNonce);
      const sealed = cipher(secret, nonce, associatedData).encrypt(concatBytes(...plaintext));
      const tagStart = sealed.length - sizes.aeadTag;
      return tagStart === 0 ? [sealed] : [sealed.subarray(0, tagStart), sealed.subarray(tagStart)];
    },
    open(nonce, associatedData, sealed) {
      expectLength('AEAD nonce', nonce, sizes.aeadNonce);
      try {
        return cipher(secret, nonce, associatedData).decrypt(sealed);
      } catch (cause) {
        throw new CryptoError('authentication-failed', 'The tag does not match', { cause });
      }
    },
  };
}
