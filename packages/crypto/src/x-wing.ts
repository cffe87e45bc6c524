import type { CryptoBackend, MlKem768KeyPair, X25519KeyPair } from './backend.js';
import { concatBytes, utf8, wipe } from './bytes.js';
import { sizes } from './labels.js';
import { expectLength } from './lengths.js';

/** Sizes of X-Wing, in bytes. */
export const xWingSizes = {
  seed: 32,
  publicKey: sizes.mlKem768EncapsulationKey + sizes.x25519PublicKey,
  ciphertext: sizes.mlKem768Ciphertext + sizes.x25519PublicKey,
  sharedSecret: 32,
} as const;

/** `\./` above `/^\`. */
const label = utf8('\\.//^\\');

/**
 * A key pair of X-Wing, which is secure as long as ML-KEM-768 or X25519 is
 * (draft-connolly-cfrg-xwing-kem): what age calls a hybrid identity.
 *
 * Not for the handshake, which combines the two with its whole transcript.
 */
export class XWingKeyPair {
  /** ML-KEM-768 encapsulation key and X25519 public key, 1,216 bytes. */
  readonly publicKey: Uint8Array;
  readonly #backend: CryptoBackend;
  readonly #mlKem768: MlKem768KeyPair;
  readonly #x25519: X25519KeyPair;

  /**
   * @param backend - the primitives to use
   * @param seed - the private key, 32 bytes; not kept
   * @throws CryptoError `bad-key` when the length is wrong
   */
  constructor(backend: CryptoBackend, seed: Uint8Array) {
    expectLength('X-Wing seed', seed, xWingSizes.seed);
    const expanded = backend.shake256(seed, sizes.mlKem768Seed + 32);
    this.#backend = backend;
    this.#mlKem768 = backend.mlKem768.fromSeed(expanded.subarray(0, sizes.mlKem768Seed));
    this.#x25519 = backend.x25519.fromPrivateKey(expanded.subarray(sizes.mlKem768Seed));
    wipe(expanded);
    this.publicKey = concatBytes(this.#mlKem768.encapsulationKey, this.#x25519.publicKey);
  }

  /**
   * @param ciphertext - what was encapsulated to the public key, 1,120 bytes
   * @returns the shared secret, 32 bytes; for a forged ciphertext an unrelated one
   * @throws CryptoError `bad-key` when the length is wrong, or its point is of small order, with
   *   which its sender would leave all to ML-KEM
   */
  decapsulate(ciphertext: Uint8Array): Uint8Array {
    expectLength('X-Wing ciphertext', ciphertext, xWingSizes.ciphertext);
    const point = ciphertext.subarray(sizes.mlKem768Ciphertext);
    const ofPoint = this.#x25519.agree(point);
    const ofLattice = this.#mlKem768.decapsulate(ciphertext.subarray(0, sizes.mlKem768Ciphertext));
    const message = concatBytes(ofLattice, ofPoint, point, this.#x25519.publicKey, label);
    const secret = this.#backend.sha3(message);
    wipe(message, ofLattice, ofPoint);
    return secret;
  }

  /** Wipes the private key where it is held as bytes; the pair is of no use afterwards. */
  dispose(): void {
    this.#mlKem768.dispose();
    this.#x25519.dispose();
  }
}
