import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { sha3_256, shake256 } from '@noble/hashes/sha3.js';
import { randomBytes } from '@noble/hashes/utils.js';

import type { CryptoBackend } from '../../backend.js';
import { aead } from './aead.js';
import { aes256Cbc } from './aes-cbc.js';
import { aesSiv } from './aes-siv.js';
import { ed25519 } from './ed25519.js';
import { mlKem768 } from './ml-kem.js';
import { x25519 } from './x25519.js';

/**
 * The primitives in JavaScript, from the noble libraries: runs in browsers and anywhere else,
 * and is the default there.
 *
 * Not for bulk data on Node: it is ten to forty times slower than OpenSSL, which
 * `@e2eeftp/crypto/node` offers.
 */
export const nobleBackend: CryptoBackend = {
  name: 'noble',
  randomBytes: (length) => randomBytes(length),
  sha256(...parts) {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  createSha256: () => sha256.create(),
  sha3: (message) => sha3_256(message),
  shake256: (message, dkLen) => shake256(message, { dkLen }),
  hmacSha256(key, ...parts) {
    const mac = hmac.create(sha256, key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  },
  createHmacSha256: (key) => hmac.create(sha256, key),
  x25519,
  ed25519,
  mlKem768,
  aead,
  aes256Cbc,
  aesSiv,
};

export { nobleBackend as defaultBackend };
