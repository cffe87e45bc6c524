import { createHash, createHmac, hash } from 'node:crypto';

import type { CryptoBackend } from '../../backend.js';
import { aead } from './aead.js';
import { aes256Cbc } from './aes-cbc.js';
import { aesSiv } from './aes-siv.js';
import { ed25519 } from './ed25519.js';
import { mlKem768 } from './ml-kem.js';
import { randomBytes } from './random-bytes.js';
import { hmacSha256, sha256 } from './sha256.js';
import { x25519 } from './x25519.js';

/**
 * The primitives of OpenSSL through `node:crypto`: the fast backend, and the default on Node.
 *
 * What `node:crypto` does not offer comes from the portable backend: ML-KEM-768 before Node 24.7.
 */
export const nodeBackend: CryptoBackend = {
  name: 'node',
  randomBytes,
  sha256,
  createSha256: () => createHash('sha256'),
  sha3: (message) => hash('sha3-256', message, 'buffer'),
  shake256: (message, outputLength) =>
    createHash('shake256', { outputLength }).update(message).digest(),
  hmacSha256,
  createHmacSha256: (key) => createHmac('sha256', key),
  x25519,
  ed25519,
  mlKem768,
  aead,
  aes256Cbc,
  aesSiv,
};

export { nodeBackend as defaultBackend };
