import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

import type { CryptoBackend } from '../../backend.js';
import { isAcceptableSignature } from '../../ed25519-public-key.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';
import { fromDer, lastBytes } from './der.js';

/** PKCS#8 and SPKI around a raw Ed25519 key (RFC 8410, section 7 and 4). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** Ed25519 from OpenSSL, whose verification knows no cofactor. */
export const ed25519: CryptoBackend['ed25519'] = {
  fromSeed(seed) {
    expectLength('Ed25519 seed', seed, sizes.ed25519Seed);
    const privateKey = createPrivateKey(fromDer(pkcs8Prefix, seed, 'pkcs8'));
    const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    return {
      publicKey: lastBytes(spki, sizes.ed25519PublicKey),
      sign: (message) => new Uint8Array(sign(null, message, privateKey)),
    };
  },
  verify(publicKey, message, signature) {
    if (!isAcceptableSignature(publicKey, signature)) return false;
    const key = createPublicKey(fromDer(spkiPrefix, publicKey, 'spki'));
    return verify(null, message, key, signature);
  },
};
