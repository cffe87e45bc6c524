import {
  defaultBackend,
  hkdf,
  utf8,
  wipe,
  XWingKeyPair,
  xWingSizes,
  type CryptoBackend,
  type Identity,
} from '@e2eeftp/crypto';
import { bech32 } from '@scure/base';

import { openHybridStanza } from '../file/age/hybrid-stanza.js';
import { openAgeFile } from '../file/age/whole-file.js';
import { labels } from '../labels.js';

const agePrefix = 'age-secret-key-pq-';

/**
 * The key with which a person opens what was sealed to him: an age hybrid identity (ML-KEM-768
 * with X25519) that follows from his Ed25519 seed, so that there is one secret to back up.
 */
export class SealingIdentity {
  readonly #seed: Uint8Array;
  readonly #pair: XWingKeyPair;
  readonly #backend: CryptoBackend;

  private constructor(backend: CryptoBackend, seed: Uint8Array) {
    this.#backend = backend;
    this.#seed = seed;
    this.#pair = new XWingKeyPair(backend, seed);
  }

  /**
   * Derives a person's sealing identity (FORMAT.md, sealing identity).
   *
   * @param identity - the person
   * @param backend - the primitives to use
   * @returns the same for the same person, always
   */
  static of(identity: Identity, backend: CryptoBackend = defaultBackend): SealingIdentity {
    const seed = identity.exportSeed();
    const label = utf8(labels.sealingIdentity);
    const key = hkdf(backend, seed, new Uint8Array(0), label, xWingSizes.seed);
    wipe(seed);
    return new SealingIdentity(backend, key);
  }

  /** Whom to seal to, 1,216 bytes: ML-KEM-768 encapsulation key and X25519 public key. */
  get recipient(): Uint8Array {
    return this.#pair.publicKey;
  }

  /**
   * Opens an age file.
   *
   * @param sealed - the whole file
   * @returns what is in it; wipe it after use when it is secret
   * @throws VaultError when it is damaged or sealed to others; the caller knows which of its own
   *   errors that is
   */
  open(sealed: Uint8Array): Uint8Array {
    return openAgeFile(this.#backend, sealed, (stanza) =>
      openHybridStanza(this.#backend, this.#pair, stanza),
    );
  }

  /**
   * Gives the secret out, for use with the age program (1.3 or newer knows hybrid identities).
   *
   * @returns `AGE-SECRET-KEY-PQ-1…`; text, which JavaScript cannot wipe
   */
  exportAgeIdentity(): string {
    return bech32.encodeFromBytes(agePrefix, this.#seed).toUpperCase();
  }
}
