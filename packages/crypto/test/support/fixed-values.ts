import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

import type { CryptoBackend } from '../../src/index.js';
import { hex } from './bytes.js';

/** What a side draws at random in a handshake; a side needs only what its role draws. */
export interface FixedValues {
  readonly x25519PrivateKey: Uint8Array;
  readonly mlKemSeed?: Uint8Array;
  readonly mlKemRandomness?: Uint8Array;
}

/** A backend that "draws" the given values and is otherwise the one that it is made of. */
export function withFixedValues(backend: CryptoBackend, values: FixedValues): CryptoBackend {
  return {
    ...backend,
    x25519: {
      ...backend.x25519,
      generate: () => backend.x25519.fromPrivateKey(values.x25519PrivateKey),
    },
    mlKem768: {
      ...backend.mlKem768,
      generate: () =>
        values.mlKemSeed
          ? backend.mlKem768.fromSeed(values.mlKemSeed)
          : backend.mlKem768.generate(),
      encapsulate(encapsulationKey) {
        const { cipherText, sharedSecret } = ml_kem768.encapsulate(
          encapsulationKey,
          values.mlKemRandomness,
        );
        return { ciphertext: cipherText, sharedSecret };
      },
    },
  };
}

/** A backend that notes every hash and MAC it computes, in hex. */
export function observed(backend: CryptoBackend): { backend: CryptoBackend; seen: Set<string> } {
  const seen = new Set<string>();
  const noted = (digest: Uint8Array): Uint8Array => {
    seen.add(hex(digest));
    return digest;
  };
  return {
    seen,
    backend: {
      ...backend,
      sha256: (...parts) => noted(backend.sha256(...parts)),
      hmacSha256: (key, ...parts) => noted(backend.hmacSha256(key, ...parts)),
    },
  };
}
