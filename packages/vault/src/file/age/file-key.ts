import {
  equalBytes,
  hkdf,
  hkdfExpand,
  hkdfExtract,
  utf8,
  wipe,
  type CryptoBackend,
} from '@e2eeftp/crypto';

import { expectLength } from '../../encoding/expect-length.js';
import type { AgeHeader } from './header.js';
import { StreamKey, streamSizes } from './stream.js';

const noSalt = new Uint8Array(0);
const headerLabel = utf8('header');
const payloadLabel = utf8('payload');
const derivedKeySize = 32;

/** The key of one age file, and what is derived from it (age-encryption.org/v1). */
export class FileKey {
  /** 16 bytes; zeros once it was wiped. */
  readonly bytes: Uint8Array;
  readonly #backend: CryptoBackend;
  /** What HKDF extracts where no salt is used: one step that most of the derivations share. */
  readonly #extracted: Uint8Array;

  /**
   * @param backend - the primitives to use
   * @param bytes - 16 bytes; copied
   * @throws VaultError `misuse` when the length is wrong
   */
  constructor(backend: CryptoBackend, bytes: Uint8Array) {
    expectLength('A file key', bytes, streamSizes.fileKey);
    this.#backend = backend;
    this.bytes = Uint8Array.from(bytes);
    this.#extracted = hkdfExtract(backend, noSalt, bytes);
  }

  /**
   * Takes a key over, so that there is one copy of it to be wiped.
   *
   * @param backend - the primitives to use
   * @param bytes - 16 bytes; wiped
   * @returns the key
   * @throws VaultError `misuse` when the length is wrong
   */
  static take(backend: CryptoBackend, bytes: Uint8Array): FileKey {
    const key = new FileKey(backend, bytes);
    wipe(bytes);
    return key;
  }

  /**
   * @param label - what the key is for
   * @returns HKDF of the file key without a salt, 32 bytes
   */
  derive(label: Uint8Array): Uint8Array {
    return hkdfExpand(this.#backend, this.#extracted, label, derivedKeySize);
  }

  /**
   * Computes the MAC of a header (header MAC).
   *
   * @param authenticated - the header's bytes up to and with `---`
   * @returns 32 bytes
   */
  macOf(authenticated: Uint8Array): Uint8Array {
    const key = this.derive(headerLabel);
    const mac = this.#backend.hmacSha256(key, authenticated);
    wipe(key);
    return mac;
  }

  /**
   * Says whether a header is as it was written. Since the MAC's key comes from the file key, it also
   * shows that this is the one file key of the header: a stanza can be made that opens with two
   * keys, a MAC under both cannot.
   *
   * @param header - the header as it was read
   * @returns whether its MAC is right; nothing of the header may be acted upon otherwise
   */
  isOf({ authenticated, mac }: AgeHeader): boolean {
    return equalBytes(this.macOf(authenticated), mac);
  }

  /**
   * @param nonce - what stands in front of the payload, 16 bytes
   * @returns the payload's key
   * @throws VaultError `misuse` when the length is wrong
   */
  streamKey(nonce: Uint8Array): StreamKey {
    expectLength('A payload nonce', nonce, streamSizes.nonce);
    const key = hkdf(this.#backend, this.bytes, nonce, payloadLabel, streamSizes.key);
    return new StreamKey(this.#backend, key);
  }

  /** Wipes the key; what was derived from it stays. */
  wipe(): void {
    wipe(this.bytes, this.#extracted);
  }
}
