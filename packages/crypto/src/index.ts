export type {
  AesSivKey,
  AeadKey,
  AeadName,
  CryptoBackend,
  Ed25519PrivateKey,
  MlKem768Encapsulation,
  MlKem768KeyPair,
  RunningCipher,
  RunningDigest,
  X25519KeyPair,
} from './backend.js';
export { defaultBackend } from '#default-backend';
export { concatBytes, equalBytes, utf8, wipe } from './bytes.js';
export { CryptoError, type CryptoErrorCode } from './errors.js';
export { Handshake, type Established, type HandshakeProgress } from './handshake/handshake.js';
export { initiateHandshake, type InitiatorOptions } from './handshake/initiator.js';
export { respondToHandshake, type ResponderOptions } from './handshake/responder.js';
export { hkdf, hkdfExpand, hkdfExtract } from './hkdf.js';
export { fingerprint, normalizeFingerprint } from './identity/fingerprint.js';
export { Identity } from './identity/identity.js';
export {
  formatIdentity,
  formatPublicKey,
  parseIdentity,
  parsePublicKey,
} from './identity/key-files.js';
export {
  decodePrivateKeyPem,
  decodePublicKeyPem,
  encodePrivateKeyPem,
  encodePublicKeyPem,
} from './identity/pem.js';
export { encodeSshPublicKey } from './identity/ssh-public-key.js';
export { labels, recordLimits, sizes } from './labels.js';
export {
  decodeRecordHeader,
  encodeRecordHeader,
  recordHeaderLength,
  type RecordType,
} from './record/header.js';
export { RecordOpener, type OpenedRecord } from './record/record-opener.js';
export { RecordSealer, type KeyLimits } from './record/record-sealer.js';
export { TrafficKey } from './record/traffic-key.js';
export { defaultSuites, type Suite } from './suites.js';
export { XWingKeyPair, xWingSizes } from './x-wing.js';
export { V1Handshake, type V1HandshakeOptions, type V1Keys } from './v1/handshake.js';
export {
  encodeV1Hello,
  openV1Hello,
  v1HelloLength,
  v1HelloPrefix,
  type V1Hello,
} from './v1/hello.js';
export { isV1PayloadLength, v1PayloadLength } from './v1/payload.js';
export { V1PayloadOpener, type V1PayloadOpenerOptions } from './v1/payload-opener.js';
export { V1PayloadSealer, type V1PayloadSealerOptions } from './v1/payload-sealer.js';
