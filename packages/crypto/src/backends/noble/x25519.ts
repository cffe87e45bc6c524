import { x25519 as curve } from '@noble/curves/ed25519.js';

import type { CryptoBackend, X25519KeyPair } from '../../backend.js';
import { wipe } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';

/** X25519 in JavaScript. */
export const x25519: CryptoBackend['x25519'] = {
  generate: () => keyPair(curve.utils.randomSecretKey()),
  fromPrivateKey(privateKey) {
    expectLength('X25519 private key', privateKey, 32);
    return keyPair(Uint8Array.from(privateKey));
  },
};

function keyPair(privateKey: Uint8Array): X25519KeyPair {
  return {
    publicKey: curve.getPublicKey(privateKey),
    agree(peerPublicKey) {
      expectLength('X25519 public key', peerPublicKey, sizes.x25519PublicKey);
      try {
        return curve.getSharedSecret(privateKey, peerPublicKey);
      } catch (cause) {
        // noble refuses the all-zero result by itself (RFC 7748, section 6.1).
        throw new CryptoError('bad-key', 'The X25519 key share is of small order', { cause });
      }
    },
    dispose() {
      wipe(privateKey);
    },
  };
}
