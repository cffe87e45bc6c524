import { base64, hex } from '@scure/base';

import { concatBytes, equalBytes, wipe } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { sizes } from '../labels.js';
import { expectLength } from '../lengths.js';

/** DER in front of a raw Ed25519 key: PKCS#8 (RFC 8410, section 7) and SPKI (section 4). */
const pkcs8Prefix = hex.decode('302e020100300506032b657004220420');
const spkiPrefix = hex.decode('302a300506032b6570032100');

/**
 * @param seed - an Ed25519 private key, 32 bytes
 * @returns it as an unencrypted PKCS#8 PEM; keep it in a file that only its owner can read
 * @throws CryptoError `bad-key` when there are not 32 bytes
 */
export function encodePrivateKeyPem(seed: Uint8Array): string {
  expectLength('Ed25519 seed', seed, sizes.ed25519Seed);
  const der = concatBytes(pkcs8Prefix, seed);
  const pem = encodePem('PRIVATE KEY', der);
  wipe(der);
  return pem;
}

/**
 * @param pem - an unencrypted PKCS#8 PEM
 * @returns the Ed25519 private key in it, 32 bytes
 * @throws CryptoError `unreadable-key-file`
 */
export function decodePrivateKeyPem(pem: string): Uint8Array {
  return rawKey(decodePem('PRIVATE KEY', pem), pkcs8Prefix, sizes.ed25519Seed);
}

/**
 * @param publicKey - an Ed25519 public key, 32 bytes
 * @returns it as an SPKI PEM
 * @throws CryptoError `bad-key` when there are not 32 bytes
 */
export function encodePublicKeyPem(publicKey: Uint8Array): string {
  expectLength('Ed25519 public key', publicKey, sizes.ed25519PublicKey);
  return encodePem('PUBLIC KEY', concatBytes(spkiPrefix, publicKey));
}

/**
 * @param pem - an SPKI PEM
 * @returns the Ed25519 public key in it, 32 bytes
 * @throws CryptoError `unreadable-key-file`
 */
export function decodePublicKeyPem(pem: string): Uint8Array {
  return rawKey(decodePem('PUBLIC KEY', pem), spkiPrefix, sizes.ed25519PublicKey);
}

/**
 * Reads the armor that PEM and OpenSSH key files share (RFC 7468).
 *
 * @param label - what stands behind BEGIN and END
 * @param text - the file; nothing but blanks may stand around the armor
 * @returns the bytes within
 * @throws CryptoError `unreadable-key-file`
 */
export function decodePem(label: string, text: string): Uint8Array {
  const lines = text.trim().split(/\r?\n/u);
  const first = lines.shift();
  const last = lines.pop();
  if (first !== `-----BEGIN ${label}-----` || last !== `-----END ${label}-----`) {
    throw new CryptoError('unreadable-key-file', `The file holds no ${label}`);
  }
  try {
    return base64.decode(lines.join(''));
  } catch (cause) {
    throw new CryptoError('unreadable-key-file', `The ${label} is damaged`, { cause });
  }
}

function encodePem(label: string, der: Uint8Array): string {
  const lines = base64.encode(der).match(/.{1,64}/gu) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function rawKey(der: Uint8Array, prefix: Uint8Array, length: number): Uint8Array {
  const isEd25519 =
    der.length === prefix.length + length && equalBytes(der.subarray(0, prefix.length), prefix);
  if (!isEd25519) {
    throw new CryptoError('unreadable-key-file', 'The key is not an Ed25519 key');
  }
  return der.slice(prefix.length);
}
