import * as nodeCrypto from 'node:crypto';

import type { CryptoBackend, MlKem768KeyPair } from '../../backend.js';
import { CryptoError } from '../../errors.js';
import { sizes } from '../../labels.js';
import { expectLength } from '../../lengths.js';
import { mlKem768 as portable } from '../noble/ml-kem.js';
import { fromDer, lastBytes } from './der.js';

/** SPKI around a raw ML-KEM-768 key: id-alg-ml-kem-768 (RFC 9935). */
const spkiPrefix = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');

/** PKCS#8 around the seed of such a key (RFC 9935). */
const pkcs8Prefix = Buffer.from('3054020100300b060960864801650304040204428040', 'hex');

/** What `node:crypto` offers from Node 24.7 on; older versions lack all of it. */
interface NativeKem {
  encapsulate(key: nodeCrypto.KeyObject): { sharedKey: Buffer; ciphertext: Buffer };
  decapsulate(key: nodeCrypto.KeyObject, ciphertext: Uint8Array): Buffer;
  generateKeyPairSync(type: 'ml-kem-768'): {
    publicKey: nodeCrypto.KeyObject;
    privateKey: nodeCrypto.KeyObject;
  };
}

function nativeMlKem(native: NativeKem): CryptoBackend['mlKem768'] {
  const keyPair = (
    privateKey: nodeCrypto.KeyObject,
    publicKey: nodeCrypto.KeyObject,
  ): MlKem768KeyPair => {
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    return {
      encapsulationKey: lastBytes(spki, sizes.mlKem768EncapsulationKey),
      decapsulate(ciphertext) {
        expectLength('ML-KEM-768 ciphertext', ciphertext, sizes.mlKem768Ciphertext);
        return new Uint8Array(native.decapsulate(privateKey, ciphertext));
      },
      // A KeyObject cannot be wiped; OpenSSL clears it when it is freed.
      dispose: () => undefined,
    };
  };
  return {
    generate() {
      const { publicKey, privateKey } = native.generateKeyPairSync('ml-kem-768');
      return keyPair(privateKey, publicKey);
    },
    fromSeed(seed) {
      expectLength('ML-KEM-768 seed', seed, sizes.mlKem768Seed);
      const privateKey = nodeCrypto.createPrivateKey(fromDer(pkcs8Prefix, seed, 'pkcs8'));
      return keyPair(privateKey, nodeCrypto.createPublicKey(privateKey));
    },
    encapsulate(encapsulationKey) {
      expectLength('ML-KEM-768 key', encapsulationKey, sizes.mlKem768EncapsulationKey);
      try {
        const key = nodeCrypto.createPublicKey(fromDer(spkiPrefix, encapsulationKey, 'spki'));
        const { sharedKey, ciphertext } = native.encapsulate(key);
        return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) };
      } catch (cause) {
        throw new CryptoError('bad-key', 'The ML-KEM-768 key is malformed', { cause });
      }
    },
  };
}

/** Node exports the functions also when it was built with an OpenSSL that lacks the algorithm. */
function offersMlKem(candidate: object): candidate is NativeKem {
  if (!('encapsulate' in candidate && 'decapsulate' in candidate)) return false;
  try {
    (candidate as NativeKem).generateKeyPairSync('ml-kem-768');
    return true;
  } catch {
    return false;
  }
}

/** OpenSSL's where Node has it (about twenty times faster), else the portable one. */
export const mlKem768: CryptoBackend['mlKem768'] = offersMlKem(nodeCrypto)
  ? nativeMlKem(nodeCrypto)
  : portable;
