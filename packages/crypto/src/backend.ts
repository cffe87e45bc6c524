/**
 * A pair of X25519 keys (RFC 7748).
 */
export interface X25519KeyPair {
  /** The public u-coordinate, 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * @param peerPublicKey - the peer's public key, 32 bytes
   * @returns the shared secret, 32 bytes
   * @throws CryptoError `bad-key` when the length is wrong or the result is all zero (RFC 7748,
   *   section 6.1): a low-order point would let the peer fix the secret
   */
  agree(peerPublicKey: Uint8Array): Uint8Array;
  /** Wipes the private key where it is held as bytes; the pair is of no use afterwards. */
  dispose(): void;
}

/**
 * An Ed25519 private key that is ready to sign (RFC 8032).
 */
export interface Ed25519PrivateKey {
  /** The public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * @param message - what to sign
   * @returns the signature, 64 bytes
   */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * A pair of ML-KEM-768 keys (FIPS 203).
 */
export interface MlKem768KeyPair {
  /** The encapsulation key, 1,184 bytes. */
  readonly encapsulationKey: Uint8Array;
  /**
   * @param ciphertext - what the peer encapsulated, 1,088 bytes
   * @returns the shared secret, 32 bytes; for a forged ciphertext an unrelated one (implicit rejection)
   * @throws CryptoError `bad-key` when the length is wrong
   */
  decapsulate(ciphertext: Uint8Array): Uint8Array;
  /** Wipes the private key where it is held as bytes; the pair is of no use afterwards. */
  dispose(): void;
}

/**
 * What encapsulating to an ML-KEM-768 key gives.
 */
export interface MlKem768Encapsulation {
  /** For the owner of the key, 1,088 bytes. */
  readonly ciphertext: Uint8Array;
  /** 32 bytes that only the owner of the key can find. */
  readonly sharedSecret: Uint8Array;
}

/**
 * A hash or MAC under way. It ends with {@link RunningDigest.digest} and is of no use afterwards.
 */
export interface RunningDigest {
  /** @param part - the next bytes of the message */
  update(part: Uint8Array): void;
  /** @returns the digest of everything that was fed in */
  digest(): Uint8Array;
}

/** The name of an authenticated cipher that this package uses. */
export type AeadName = 'aes-256-gcm' | 'chacha20-poly1305';

/**
 * A 32-byte key bound to one authenticated cipher (SP 800-38D, RFC 8439).
 *
 * It does not count nonces: whoever holds it must never seal twice with one nonce.
 */
export interface AeadKey {
  /**
   * @param nonce - 12 bytes, never used before with this key
   * @param associatedData - authenticated with the message, not encrypted
   * @param plaintext - the message in pieces
   * @returns ciphertext in pieces, the 16-byte tag last
   */
  seal(
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: readonly Uint8Array[],
  ): Uint8Array[];
  /**
   * @param nonce - the nonce that the message was sealed with
   * @param associatedData - the data that it was sealed with
   * @param sealed - ciphertext and tag, in one piece; not kept
   * @returns the plaintext, in a buffer of its own
   * @throws CryptoError `authentication-failed`; no plaintext leaves before the tag was verified,
   *   so that no caller can act on bytes that an attacker chose
   */
  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array;
}

/** A key of AES-SIV (RFC 5297), ready to be used. */
export interface AesSivKey {
  /**
   * @param associatedData - strings that are authenticated and not encrypted, in order
   * @param plaintext - the message
   * @returns the synthetic IV (16) followed by the ciphertext
   */
  seal(associatedData: readonly Uint8Array[], plaintext: Uint8Array): Uint8Array;
  /**
   * @param associatedData - the strings that it was sealed with
   * @param sealed - what `seal` returned
   * @returns the message
   * @throws CryptoError `authentication-failed`
   */
  open(associatedData: readonly Uint8Array[], sealed: Uint8Array): Uint8Array;
}

/**
 * One direction of a cipher in CBC mode, fed in pieces.
 */
export interface RunningCipher {
  /**
   * @param part - the next bytes
   * @returns what can be given out so far
   */
  update(part: Uint8Array): Uint8Array;
  /**
   * @returns the rest
   * @throws CryptoError `authentication-failed` when deciphering ends in wrong padding or in a part of a block
   */
  final(): Uint8Array;
}

/**
 * The primitives that everything else is built from: the seam between this package and the
 * platform. `node` uses OpenSSL through `node:crypto`; `noble` is JavaScript and runs anywhere.
 * Every operation gives the same bytes on both.
 *
 * Implement it only to bring another platform's native cryptography; the suite in this
 * package's tests says what an implementation must do.
 */
export interface CryptoBackend {
  /** Which implementation this is, for logs and tests. */
  readonly name: string;
  /**
   * @param length - bytes wanted
   * @returns bytes from the platform's cryptographic random source
   */
  randomBytes(length: number): Uint8Array;
  /**
   * @param parts - the message in pieces
   * @returns its SHA-256 digest, 32 bytes (FIPS 180-4)
   */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  /** @returns a SHA-256 computation to be fed */
  createSha256(): RunningDigest;
  /**
   * @param message - any bytes
   * @returns its SHA3-256 digest, 32 bytes (FIPS 202)
   */
  sha3(message: Uint8Array): Uint8Array;
  /**
   * @param message - any bytes
   * @param length - bytes wanted
   * @returns so many bytes of SHAKE256 (FIPS 202)
   */
  shake256(message: Uint8Array, length: number): Uint8Array;
  /**
   * @param key - of any length
   * @param parts - the message in pieces
   * @returns its HMAC-SHA-256, 32 bytes (RFC 2104)
   */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /**
   * @param key - of any length
   * @returns an HMAC-SHA-256 computation to be fed
   */
  createHmacSha256(key: Uint8Array): RunningDigest;
  /** X25519 key agreement (RFC 7748). */
  readonly x25519: {
    /** @returns a fresh key pair */
    generate(): X25519KeyPair;
    /**
     * @param privateKey - 32 bytes; for stored keys and test vectors
     * @returns the pair that it belongs to
     */
    fromPrivateKey(privateKey: Uint8Array): X25519KeyPair;
  };
  /** Ed25519 signatures (RFC 8032). */
  readonly ed25519: {
    /**
     * @param seed - the private key of RFC 8032, 32 bytes
     * @returns a key that can sign
     */
    fromSeed(seed: Uint8Array): Ed25519PrivateKey;
    /**
     * Checks a signature without cofactor, with canonical encodings only, and refuses a public
     * key or R of small order: all backends give the same answer for every input.
     *
     * @param publicKey - 32 bytes
     * @param message - what was signed
     * @param signature - 64 bytes
     * @returns whether the signature is valid; anything malformed is not
     */
    verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  };
  /** ML-KEM-768 key encapsulation (FIPS 203). */
  readonly mlKem768: {
    /** @returns a fresh key pair */
    generate(): MlKem768KeyPair;
    /**
     * @param seed - d and z of FIPS 203, 64 bytes; for stored keys and test vectors
     * @returns the pair that it stands for
     */
    fromSeed(seed: Uint8Array): MlKem768KeyPair;
    /**
     * @param encapsulationKey - the peer's key, 1,184 bytes
     * @returns a fresh shared secret and the ciphertext that carries it
     * @throws CryptoError `bad-key` when the key has the wrong length or is not reduced
     *   (FIPS 203, section 7.2)
     */
    encapsulate(encapsulationKey: Uint8Array): MlKem768Encapsulation;
  };
  /**
   * @param name - which cipher
   * @param key - 32 bytes; it may be wiped after the call
   * @returns the key, ready for use
   */
  aead(name: AeadName, key: Uint8Array): AeadKey;
  /** AES-256 in CBC mode with PKCS#7 padding (SP 800-38A, RFC 5652). Not authenticated by itself. */
  readonly aes256Cbc: {
    /**
     * @param key - 32 bytes
     * @param iv - 16 unpredictable bytes
     * @returns an encryption to be fed
     */
    encrypt(key: Uint8Array, iv: Uint8Array): RunningCipher;
    /**
     * @param key - 32 bytes
     * @param iv - the IV that it was encrypted with
     * @returns a decryption to be fed
     */
    decrypt(key: Uint8Array, iv: Uint8Array): RunningCipher;
  };
  /**
   * Deterministic authenticated encryption for short strings (RFC 5297).
   *
   * @param key - 32, 48 or 64 bytes; copied
   * @returns the key, ready to be used
   * @throws CryptoError `bad-key`
   */
  aesSiv(key: Uint8Array): AesSivKey;
}
