import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

import type { CryptoBackend, X25519KeyPair } from '../../backend.js';
import { CryptoError } from '../../errors.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';
import { fromDer, lastBytes } from './der.js';

/** PKCS#8 and SPKI around a raw X25519 key (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b656e032100', 'hex');

/** X25519 from OpenSSL. */
export const x25519: CryptoBackend['x25519'] = {
  generate: () => keyPair(generateKeyPairSync('x25519').privateKey),
  fromPrivateKey(privateKey) {
    expectLength('X25519 private key', privateKey, 32);
    return keyPair(createPrivateKey(fromDer(pkcs8Prefix, privateKey, 'pkcs8')));
  },
};

function keyPair(privateKey: KeyObject): X25519KeyPair {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    publicKey: lastBytes(spki, sizes.x25519PublicKey),
    agree(peerPublicKey) {
      expectLength('X25519 public key', peerPublicKey, sizes.x25519PublicKey);
      const publicKey = createPublicKey(fromDer(spkiPrefix, peerPublicKey, 'spki'));
      try {
        return new Uint8Array(diffieHellman({ privateKey, publicKey }));
      } catch (cause) {
        // OpenSSL refuses the all-zero result by itself (RFC 7748, section 6.1).
        throw new CryptoError('bad-key', 'The X25519 key share is of small order', { cause });
      }
    },
    // A KeyObject cannot be wiped; OpenSSL clears it when it is freed.
    dispose: () => undefined,
  };
}
