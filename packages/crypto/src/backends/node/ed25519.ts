import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

import type { CryptoBackend } from '../../backend.js';
import { isAcceptableSignature } from '../../ed25519-public-key.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';
import { fromDer, lastBytes } from './der.js';
import { verifyingKey } from './verifying-keys.js';

/** PKCS#8 around a raw Ed25519 seed (RFC 8410, section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

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
    return verify(null, message, verifyingKey(publicKey), signature);
  },
};
