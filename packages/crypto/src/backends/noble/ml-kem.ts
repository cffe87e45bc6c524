import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

import type { CryptoBackend, MlKem768KeyPair } from '../../backend.js';
import { wipe } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';

/** ML-KEM-768 in JavaScript. */
export const mlKem768: CryptoBackend['mlKem768'] = {
  generate: () => keyPair(),
  fromSeed(seed) {
    expectLength('ML-KEM-768 seed', seed, sizes.mlKem768Seed);
    return keyPair(seed);
  },
  encapsulate(encapsulationKey) {
    expectLength('ML-KEM-768 key', encapsulationKey, sizes.mlKem768EncapsulationKey);
    try {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(encapsulationKey);
      return { ciphertext: cipherText, sharedSecret };
    } catch (cause) {
      throw new CryptoError('bad-key', 'The ML-KEM-768 key is malformed', { cause });
    }
  },
};

/** From a random seed when there is none. */
function keyPair(seed?: Uint8Array): MlKem768KeyPair {
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  return {
    encapsulationKey: publicKey,
    decapsulate(ciphertext) {
      expectLength('ML-KEM-768 ciphertext', ciphertext, sizes.mlKem768Ciphertext);
      return ml_kem768.decapsulate(ciphertext, secretKey);
    },
    dispose() {
      wipe(secretKey);
    },
  };
}
