import { utf8 } from './bytes.js';

/**
 * Every label that keeps one use of a key or hash apart from all others (SPEC.md, handshake).
 * A label is its ASCII bytes without a terminator.
 */
export const labels = {
  magic: utf8('e2ft'),
  helloTranscript: utf8('e2eeftp/2 hello'),
  serverTranscript: utf8('e2eeftp/2 server'),
  clientTranscript: utf8('e2eeftp/2 client'),
  serverAuthSignature: utf8('e2eeftp/2 server auth'),
  clientAuthSignature: utf8('e2eeftp/2 client auth'),
  clientHandshake: utf8('e2eeftp/2 client handshake'),
  serverHandshake: utf8('e2eeftp/2 server handshake'),
  derived: utf8('e2eeftp/2 derived'),
  clientTraffic: utf8('e2eeftp/2 client traffic'),
  serverTraffic: utf8('e2eeftp/2 server traffic'),
  channelBinding: utf8('e2eeftp/2 channel binding'),
  trafficKey: utf8('key'),
  trafficIv: utf8('iv'),
  trafficUpdate: utf8('update'),
  fingerprint: utf8('e2eeftp fingerprint'),
} as const;

/** Sizes of keys and of what they make, in bytes. */
export const sizes = {
  x25519PublicKey: 32,
  ed25519PublicKey: 32,
  ed25519Seed: 32,
  ed25519Signature: 64,
  mlKem768EncapsulationKey: 1184,
  mlKem768Ciphertext: 1088,
  mlKem768Seed: 64,
  aeadKey: 32,
  aeadNonce: 12,
  aeadTag: 16,
  sha256: 32,
} as const;

/** Hard ceilings of the record layer (SPEC.md, records). */
export const recordLimits = {
  /** Plaintext of a record before both sides are authenticated: a stranger costs us one page. */
  handshakePlaintext: 4096,
  /** Plaintext of a record afterwards. */
  plaintext: 1_048_576,
  /** Records that one key may protect before it must be updated. */
  recordsPerKey: 2 ** 24,
  /** Plaintext bytes that one key may protect before it must be updated. */
  bytesPerKey: 64 * 2 ** 30,
} as const;
