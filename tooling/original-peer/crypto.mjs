// The handshake and the file payload of the original, on OpenSSL's primitives alone.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';

import { OriginalPeerError } from './error.mjs';

const info = 'file-transfer-e2ee';
const ivLength = 16;
const blockLength = 16;
const tagLength = 32;

/** What follows the four bytes of a hello that hold its length. */
export const helloLength = 128;

/** A new identity in every form in which the files of the original hold one. */
export function newIdentity() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = rawPublicKey(publicKey);
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
    publicKey: raw,
    publicBase64: raw.toString('base64'),
  };
}

/** The 32 bytes of the public key in an SPKI PEM. */
export function publicKeyOfPem(publicPem) {
  return rawPublicKey(createPublicKey(publicPem));
}

/**
 * The hello of an identity, with its length in front.
 *
 * @param {string} privateKeyPem whose hello it is
 * @param ephemeral its X25519 private key; by default a new one
 */
export function handshakeHello(
  privateKeyPem,
  ephemeral = generateKeyPairSync('x25519').privateKey,
) {
  const identity = createPrivateKey(privateKeyPem);
  const ephemeralPublic = rawPublicKey(createPublicKey(ephemeral));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(helloLength);
  const bytes = Buffer.concat([
    length,
    ephemeralPublic,
    rawPublicKey(createPublicKey(identity)),
    sign(null, ephemeralPublic, identity),
  ]);
  return { bytes, ephemeral };
}

/** The parts of a hello, its length in front; nothing is checked but that length. */
export function parseHello(bytes) {
  if (bytes.length !== 4 + helloLength || bytes.readUInt32BE() !== helloLength) {
    throw new OriginalPeerError('bad-hello', 'A hello is a length of 128 and as many bytes');
  }
  return {
    ephemeral: bytes.subarray(4, 36),
    identity: bytes.subarray(36, 68),
    signature: bytes.subarray(68),
  };
}

/** Whether a hello's identity signed its ephemeral key. */
export function isSigned({ ephemeral, identity, signature }) {
  return verify(null, ephemeral, importPublicKey('Ed25519', identity), signature);
}

/**
 * The keys that both directions share.
 *
 * @param ephemeral one's own X25519 private key
 * @param {Uint8Array} peerEphemeral the peer's public key, 32 bytes
 */
export function derive(ephemeral, peerEphemeral) {
  const secret = sharedSecret(ephemeral, peerEphemeral);
  const keys = Buffer.from(hkdfSync('sha256', secret, '', info, 64));
  return { encryption: keys.subarray(0, 32), authentication: keys.subarray(32) };
}

function sharedSecret(privateKey, peerEphemeral) {
  try {
    return diffieHellman({ privateKey, publicKey: importPublicKey('X25519', peerEphemeral) });
  } catch (cause) {
    throw new OriginalPeerError('bad-hello', 'The ephemeral key leads to no secret', { cause });
  }
}

/** How long the payload of a file is. */
export function payloadLength(fileLength) {
  return ivLength + blockLength * (Math.floor(fileLength / blockLength) + 1) + tagLength;
}

/** Encrypts a whole file. */
export function sealPayload(keys, file, iv = randomBytes(ivLength)) {
  const cipher = createCipheriv('aes-256-cbc', keys.encryption, iv);
  const sealed = Buffer.concat([iv, cipher.update(file), cipher.final()]);
  return Buffer.concat([sealed, tagOf(keys, sealed)]);
}

/** Verifies and decrypts a whole payload. */
export function openPayload(keys, payload) {
  const sealed = payload.subarray(0, -tagLength);
  const tag = payload.subarray(-tagLength);
  if (sealed.length < ivLength + blockLength || !timingSafeEqual(tag, tagOf(keys, sealed))) {
    throw new OriginalPeerError('bad-payload', 'The payload is not what the sender encrypted');
  }
  try {
    const iv = sealed.subarray(0, ivLength);
    const decipher = createDecipheriv('aes-256-cbc', keys.encryption, iv);
    return Buffer.concat([decipher.update(sealed.subarray(ivLength)), decipher.final()]);
  } catch (cause) {
    throw new OriginalPeerError('bad-payload', 'The payload does not decrypt', { cause });
  }
}

function tagOf(keys, sealed) {
  return createHmac('sha256', keys.authentication).update(sealed).digest();
}

function rawPublicKey(key) {
  return Buffer.from(key.export({ format: 'jwk' }).x, 'base64url');
}

function importPublicKey(curve, raw) {
  const x = Buffer.from(raw).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x }, format: 'jwk' });
}
