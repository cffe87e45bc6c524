import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type CipherGCM,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto';

import type { AeadKey, AeadName } from '../../backend.js';
import { CryptoError } from '../../errors.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';

const options = { authTagLength: sizes.aeadTag };

/** AES-256-GCM and ChaCha20-Poly1305 from OpenSSL. */
export function aead(name: AeadName, key: Uint8Array): AeadKey {
  expectLength('AEAD key', key, sizes.aeadKey);
  const secret = createSecretKey(key);
  return {
    seal(nonce, associatedData, plaintext) {
      expectLength('AEAD nonce', nonce, sizes.aeadNonce);
      const cipher = createCipher(name, secret, nonce);
      cipher.setAAD(associatedData);
      const sealed: Uint8Array[] = [];
      for (const part of plaintext) {
        if (part.length > 0) sealed.push(cipher.update(part));
      }
      cipher.final();
      sealed.push(cipher.getAuthTag());
      return sealed;
    },
    open(nonce, associatedData, sealed) {
      expectLength('AEAD nonce', nonce, sizes.aeadNonce);
      const tagStart = sealed.length - sizes.aeadTag;
      if (tagStart < 0) throw new CryptoError('authentication-failed', 'The tag is missing');
      const decipher = createDecipher(name, secret, nonce);
      decipher.setAAD(associatedData);
      const unverified = decipher.update(sealed.subarray(0, tagStart));
      try {
        decipher.setAuthTag(sealed.subarray(tagStart));
        decipher.final();
      } catch (cause) {
        throw new CryptoError('authentication-failed', 'The tag does not match', { cause });
      }
      // Not the Buffer itself, whose `slice` shares memory where a Uint8Array's copies.
      return new Uint8Array(unverified.buffer, unverified.byteOffset, unverified.length);
    },
  };
}

function createCipher(name: AeadName, key: KeyObject, nonce: Uint8Array): CipherGCM {
  return name === 'aes-256-gcm'
    ? createCipheriv(name, key, nonce, options)
    : createCipheriv(name, key, nonce, options);
}

function createDecipher(name: AeadName, key: KeyObject, nonce: Uint8Array): DecipherGCM {
  return name === 'aes-256-gcm'
    ? createDecipheriv(name, key, nonce, options)
    : createDecipheriv(name, key, nonce, options);
}
