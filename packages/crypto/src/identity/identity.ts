import { defaultBackend } from '#default-backend';

import type { CryptoBackend, Ed25519PrivateKey } from '../backend.js';
import { sizes } from '../labels.js';

/**
 * Who someone is: an Ed25519 key pair (RFC 8032), as SSH users know it.
 *
 * The object holds the private key where neither logging nor serializing it can reach.
 */
export class Identity {
  readonly #seed: Uint8Array;
  readonly #key: Ed25519PrivateKey;

  /**
   * @param seed - the private key of RFC 8032, 32 secret bytes; copied
   * @param backend - the primitives to use
   * @throws CryptoError `bad-key` when there are not 32 bytes
   */
  constructor(seed: Uint8Array, backend: CryptoBackend = defaultBackend) {
    this.#key = backend.ed25519.fromSeed(seed);
    this.#seed = Uint8Array.from(seed);
  }

  /**
   * Makes a new identity.
   *
   * @param backend - the primitives to use
   * @returns an identity that nobody had before
   */
  static generate(backend: CryptoBackend = defaultBackend): Identity {
    return new Identity(backend.randomBytes(sizes.ed25519Seed), backend);
  }

  /** The public key, 32 bytes: what others know this identity by. */
  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  /**
   * @param message - what to sign; give it a label of its own, so that it fits no other use
   * @returns the signature, 64 bytes
   */
  sign(message: Uint8Array): Uint8Array {
    return this.#key.sign(message);
  }

  /**
   * Gives the secret out, for writing it to a key file.
   *
   * @returns a copy of the seed, 32 bytes; wipe it after use
   */
  exportSeed(): Uint8Array {
    return Uint8Array.from(this.#seed);
  }
}
