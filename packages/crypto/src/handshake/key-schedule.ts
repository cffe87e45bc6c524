import type { CryptoBackend } from '../backend.js';
import { concatBytes, wipe } from '../bytes.js';
import { hkdfExpand, hkdfExtract } from '../hkdf.js';
import { labels } from '../labels.js';

/** The two secrets that protect the handshake's own records. */
export interface HandshakeSecrets {
  /** The handshake secret that everything is derived from, 32 bytes. */
  readonly hs: Uint8Array;
  /** The client's handshake traffic secret, 32 bytes. */
  readonly c_hs: Uint8Array;
  /** The server's handshake traffic secret, 32 bytes. */
  readonly s_hs: Uint8Array;
}

/** The secrets that a finished handshake leaves. */
export interface ApplicationSecrets {
  /** The client's application traffic secret, 32 bytes. */
  readonly c_ap: Uint8Array;
  /** The server's application traffic secret, 32 bytes. */
  readonly s_ap: Uint8Array;
  /** A value that only this connection's two ends know, 32 bytes; for binding other protocols to it. */
  readonly binding: Uint8Array;
}

/** The transcript hash th1, over both hellos with all their bytes. */
export function hashHellos(
  backend: CryptoBackend,
  clientHello: Uint8Array,
  serverHello: Uint8Array,
): Uint8Array {
  return backend.sha256(labels.helloTranscript, clientHello, serverHello);
}

/** The transcript hash th2, over th1 and the plaintext of ServerAuth. */
export function hashServerAuth(
  backend: CryptoBackend,
  th1: Uint8Array,
  serverAuth: Uint8Array,
): Uint8Array {
  return backend.sha256(labels.serverTranscript, th1, serverAuth);
}

/** The transcript hash th3, over th2 and the plaintext of ClientAuth. */
export function hashClientAuth(
  backend: CryptoBackend,
  th2: Uint8Array,
  clientAuth: Uint8Array,
): Uint8Array {
  return backend.sha256(labels.clientTranscript, th2, clientAuth);
}

/**
 * Derives the handshake secrets. Either shared secret alone keeps them: an attacker has to
 * break both ML-KEM-768 and X25519. Both are wiped.
 */
export function deriveHandshakeSecrets(
  backend: CryptoBackend,
  th1: Uint8Array,
  mlKemSecret: Uint8Array,
  x25519Secret: Uint8Array,
): HandshakeSecrets {
  const ikm = concatBytes(mlKemSecret, x25519Secret);
  const hs = hkdfExtract(backend, th1, ikm);
  wipe(ikm, mlKemSecret, x25519Secret);
  return {
    hs,
    c_hs: hkdfExpand(backend, hs, labels.clientHandshake, 32),
    s_hs: hkdfExpand(backend, hs, labels.serverHandshake, 32),
  };
}

/** Derives the application secrets and wipes the handshake secret and the master secret. */
export function deriveApplicationSecrets(
  backend: CryptoBackend,
  th3: Uint8Array,
  hs: Uint8Array,
): ApplicationSecrets {
  const derived = hkdfExpand(backend, hs, labels.derived, 32);
  const master = hkdfExtract(backend, th3, derived);
  const secrets = {
    c_ap: hkdfExpand(backend, master, labels.clientTraffic, 32),
    s_ap: hkdfExpand(backend, master, labels.serverTraffic, 32),
    binding: hkdfExpand(backend, master, labels.channelBinding, 32),
  };
  wipe(hs, derived, master);
  return secrets;
}
