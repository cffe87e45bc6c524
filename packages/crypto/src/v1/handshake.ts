import type { CryptoBackend, X25519KeyPair } from '../backend.js';
import { utf8, wipe } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { hkdf } from '../hkdf.js';
import type { Identity } from '../identity/identity.js';
import { encodeV1Hello, type V1Hello } from './hello.js';

const keyLength = 32;
const label = utf8('file-transfer-e2ee');
const noSalt = new Uint8Array(0);

/** What a v1 connection protects its payloads with, in both directions alike. */
export interface V1Keys {
  /** For AES-256-CBC, 32 bytes. */
  readonly encryption: Uint8Array;
  /** For HMAC-SHA-256, 32 bytes. */
  readonly authentication: Uint8Array;
}

/** What a v1 handshake needs. */
export interface V1HandshakeOptions {
  /** The primitives to use. */
  readonly backend: CryptoBackend;
  /** Who this side is. */
  readonly identity: Identity;
  /** The ephemeral key pair; by default a fresh one. Only test vectors give another. */
  readonly ephemeral?: X25519KeyPair;
}

/**
 * One side of the v1 handshake (SPEC.md, first generation): both sides send a hello, and neither
 * depends on the other's. Use it only to reach peers that know nothing newer.
 */
export class V1Handshake {
  /** What to send, 132 bytes. */
  readonly hello: Uint8Array;
  readonly #backend: CryptoBackend;
  #ephemeral: X25519KeyPair | undefined;

  /** @param options - who this side is */
  constructor({ backend, identity, ephemeral = backend.x25519.generate() }: V1HandshakeOptions) {
    this.#backend = backend;
    this.#ephemeral = ephemeral;
    this.hello = encodeV1Hello(identity, ephemeral.publicKey);
  }

  /**
   * Ends the handshake. The caller has decided before whether to talk to the peer.
   *
   * @param peer - what the peer's hello says
   * @returns the connection's keys, to be wiped after use
   * @throws CryptoError `bad-key` when the peer's ephemeral key leads to an all-zero secret,
   *   `misuse` when the handshake has ended
   */
  agree(peer: V1Hello): V1Keys {
    if (!this.#ephemeral) throw new CryptoError('misuse', 'This handshake has ended');
    try {
      const secret = this.#ephemeral.agree(peer.ephemeral);
      const keys = hkdf(this.#backend, secret, noSalt, label, 2 * keyLength);
      wipe(secret);
      const encryption = keys.slice(0, keyLength);
      const authentication = keys.slice(keyLength);
      wipe(keys);
      return { encryption, authentication };
    } finally {
      this.dispose();
    }
  }

  /** Gives the handshake up and wipes its secret. After its end, this does nothing. */
  dispose(): void {
    this.#ephemeral?.dispose();
    this.#ephemeral = undefined;
  }
}
