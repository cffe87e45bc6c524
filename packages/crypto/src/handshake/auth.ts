import type { CryptoBackend } from '../backend.js';
import { concatBytes, equalBytes } from '../bytes.js';
import { CryptoError } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { labels, sizes } from '../labels.js';
import { encodeRecordHeader, recordHeaderLength } from '../record/header.js';
import type { TrafficKey } from '../record/traffic-key.js';

/** The kind of client that ClientAuth's first byte names: one with an Ed25519 identity. */
const ed25519Client = 0x01;
const separator = Uint8Array.of(0);
const proofLength = sizes.ed25519PublicKey + sizes.ed25519Signature;

const serverAuthHeader = encodeRecordHeader('handshake', proofLength + sizes.aeadTag);
const clientAuthHeader = encodeRecordHeader('handshake', 1 + proofLength + sizes.aeadTag);

/** Bytes of the whole ServerAuth record. */
export const serverAuthRecordLength = recordHeaderLength + proofLength + sizes.aeadTag;
/** Bytes of the whole ClientAuth record. */
export const clientAuthRecordLength = serverAuthRecordLength + 1;

/** A handshake record and the plaintext that goes into the transcript. */
export interface SealedAuth {
  readonly plaintext: Uint8Array;
  readonly record: Uint8Array;
}

/** What a peer's authentication record proved. */
export interface VerifiedAuth {
  readonly plaintext: Uint8Array;
  readonly identity: Uint8Array;
}

/** Proves to the client which server made the transcript. */
export function sealServerAuth(identity: Identity, th1: Uint8Array, key: TrafficKey): SealedAuth {
  const plaintext = concatBytes(
    identity.publicKey,
    identity.sign(signedText(labels.serverAuthSignature, th1, identity.publicKey)),
  );
  return sealAuth(plaintext, serverAuthHeader, key);
}

/** Opens ServerAuth and verifies its signature over this very transcript. */
export function openServerAuth(
  backend: CryptoBackend,
  record: Uint8Array,
  th1: Uint8Array,
  key: TrafficKey,
): VerifiedAuth {
  const plaintext = openAuth(record, serverAuthHeader, key);
  const identity = verifyProof(backend, labels.serverAuthSignature, th1, plaintext);
  return { plaintext, identity };
}

/** Proves to the server which client answers it. */
export function sealClientAuth(identity: Identity, th2: Uint8Array, key: TrafficKey): SealedAuth {
  const plaintext = concatBytes(
    Uint8Array.of(ed25519Client),
    identity.publicKey,
    identity.sign(signedText(labels.clientAuthSignature, th2, identity.publicKey)),
  );
  return sealAuth(plaintext, clientAuthHeader, key);
}

/** Opens ClientAuth and verifies its signature over this very transcript. */
export function openClientAuth(
  backend: CryptoBackend,
  record: Uint8Array,
  th2: Uint8Array,
  key: TrafficKey,
): VerifiedAuth {
  const plaintext = openAuth(record, clientAuthHeader, key);
  if (plaintext[0] !== ed25519Client) {
    throw new CryptoError('bad-message', 'The client has an identity of an unknown kind');
  }
  const identity = verifyProof(backend, labels.clientAuthSignature, th2, plaintext.subarray(1));
  return { plaintext, identity };
}

function sealAuth(plaintext: Uint8Array, header: Uint8Array, key: TrafficKey): SealedAuth {
  const sealed = key.seal(header, [plaintext], plaintext.length);
  return { plaintext, record: concatBytes(header, ...sealed) };
}

/** A header that says another type or length than this message has is refused before decrypting. */
function openAuth(record: Uint8Array, header: Uint8Array, key: TrafficKey): Uint8Array {
  if (!equalBytes(record.subarray(0, recordHeaderLength), header)) {
    throw new CryptoError('bad-message', 'The peer sent something else than its authentication');
  }
  return key.open(header, record.subarray(recordHeaderLength));
}

function verifyProof(
  backend: CryptoBackend,
  label: Uint8Array,
  transcript: Uint8Array,
  proof: Uint8Array,
): Uint8Array {
  const identity = proof.slice(0, sizes.ed25519PublicKey);
  const signature = proof.subarray(sizes.ed25519PublicKey);
  const text = signedText(label, transcript, identity);
  if (!backend.ed25519.verify(identity, text, signature)) {
    throw new CryptoError('authentication-failed', 'The peer did not prove its identity');
  }
  return identity;
}

function signedText(label: Uint8Array, transcript: Uint8Array, identity: Uint8Array): Uint8Array {
  return concatBytes(label, separator, transcript, identity);
}
