import {
  defaultBackend,
  hkdf,
  utf8,
  wipe,
  type CryptoBackend,
  type Identity,
} from '@e2eeftp/crypto';
import { bech32 } from '@scure/base';
import { Decrypter, identityToRecipient } from 'age-encryption';

import { openAgeFile } from '../file/age/whole-file.js';
import { labels } from '../labels.js';
import { ageRecipientBytes } from './age-recipient.js';

const agePrefix = 'age-secret-key-pq-';
const seedLength = 32;

/**
 * The key with which a person opens what was sealed to him: an age hybrid identity (ML-KEM-768
 * with X25519) that follows from his Ed25519 seed, so that there is one secret to back up.
 *
 * age holds it as text, which JavaScript cannot wipe: keep the object no longer than needed.
 */
export class SealingIdentity {
  /** Whom to seal to, 1,216 bytes: ML-KEM-768 encapsulation key and X25519 public key. */
  readonly recipient: Uint8Array;
  readonly #ageIdentity: string;
  readonly #backend: CryptoBackend;

  private constructor(ageIdentity: string, recipient: Uint8Array, backend: CryptoBackend) {
    this.#ageIdentity = ageIdentity;
    this.#backend = backend;
    this.recipient = recipient;
  }

  /**
   * Derives a person's sealing identity (FORMAT.md, sealing identity).
   *
   * @param identity - the person
   * @param backend - the primitives to use
   * @returns the same for the same person, always
   */
  static async of(
    identity: Identity,
    backend: CryptoBackend = defaultBackend,
  ): Promise<SealingIdentity> {
    const seed = identity.exportSeed();
    const key = hkdf(backend, seed, new Uint8Array(0), utf8(labels.sealingIdentity), seedLength);
    wipe(seed);
    const ageIdentity = bech32.encodeFromBytes(agePrefix, key).toUpperCase();
    wipe(key);
    const recipient = ageRecipientBytes(await identityToRecipient(ageIdentity));
    return new SealingIdentity(ageIdentity, recipient, backend);
  }

  /**
   * Opens an age file.
   *
   * @param sealed - the whole file
   * @returns what is in it; wipe it after use when it is secret
   * @throws VaultError, or an Error of the age library, when it is damaged or sealed to others; the
   *   caller knows which of its own errors that is
   */
  async open(sealed: Uint8Array): Promise<Uint8Array> {
    const decrypter = new Decrypter();
    decrypter.addIdentity(this.#ageIdentity);
    return openAgeFile(this.#backend, sealed, (header) => decrypter.decryptHeader(header));
  }

  /**
   * Gives the secret out, for use with the age program (1.3 or newer knows hybrid identities).
   *
   * @returns `AGE-SECRET-KEY-PQ-1…`
   */
  exportAgeIdentity(): string {
    return this.#ageIdentity;
  }
}
