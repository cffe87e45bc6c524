import { base64 } from '@scure/base';

import { defaultBackend } from '#default-backend';

import type { CryptoBackend } from '../backend.js';
import { equalBytes, wipe } from '../bytes.js';
import { isAcceptablePublicKey } from '../ed25519-public-key.js';
import { CryptoError } from '../errors.js';
import { sizes } from '../labels.js';
import { expectLength } from '../lengths.js';
import { Identity } from './identity.js';
import { decodePrivateKeyPem, decodePublicKeyPem, encodePrivateKeyPem } from './pem.js';
import { decodeSshPrivateKey } from './ssh-private-key.js';
import { decodeSshPublicKeyBlob, sshEd25519 } from './ssh-public-key.js';

/**
 * Reads an identity from the text of a key file: an unencrypted PKCS#8 PEM, or what
 * `ssh-keygen -t ed25519` writes, with a passphrase or without.
 *
 * @param text - the file's text
 * @param options - what the file may need
 * @param options.passphrase - the passphrase, when the file has one
 * @param options.backend - the primitives that the identity shall use
 * @returns the identity
 * @throws CryptoError `unreadable-key-file`, whose message says what is wrong with the file, or
 *   `wrong-passphrase`
 */
export function parseIdentity(
  text: string,
  options: { readonly passphrase?: string; readonly backend?: CryptoBackend } = {},
): Identity {
  if (text.includes('BEGIN ENCRYPTED PRIVATE KEY')) {
    throw new CryptoError(
      'unreadable-key-file',
      'Passphrases on PKCS#8 files are not supported; use an OpenSSH key file (`ssh-keygen -t ed25519`)',
    );
  }
  const { seed, publicKey } = text.includes('BEGIN OPENSSH PRIVATE KEY')
    ? decodeSshPrivateKey(text, options.passphrase)
    : { seed: decodePrivateKeyPem(text) };
  const identity = new Identity(seed, options.backend ?? defaultBackend);
  wipe(seed);
  // A damaged seed would make somebody nobody knows; signing for another public key would leak it.
  if (publicKey && !equalBytes(identity.publicKey, publicKey)) {
    throw new CryptoError(
      'unreadable-key-file',
      'The halves of the SSH key do not belong together',
    );
  }
  return identity;
}

/**
 * @param identity - whom to write down
 * @returns the text of a key file: an unencrypted PKCS#8 PEM, to be kept where only its owner reads it
 */
export function formatIdentity(identity: Identity): string {
  const seed = identity.exportSeed();
  const pem = encodePrivateKeyPem(seed);
  wipe(seed);
  return pem;
}

/**
 * Reads a public key in any form in which people keep them: SPKI PEM, an OpenSSH line, or the
 * base64 of the raw 32 bytes.
 *
 * @param text - the key, without anything around it but blanks and an OpenSSH comment
 * @returns the public key, 32 bytes
 * @throws CryptoError `unreadable-key-file`
 */
export function parsePublicKey(text: string): Uint8Array {
  const publicKey = decodePublicKey(text.trim());
  if (!isAcceptablePublicKey(publicKey)) {
    throw new CryptoError('unreadable-key-file', 'This is not a usable Ed25519 public key');
  }
  return publicKey;
}

/**
 * @param publicKey - 32 bytes
 * @returns their base64, the form of the lines in `authorized_clients.pub`
 * @throws CryptoError `bad-key` when there are not 32 bytes
 */
export function formatPublicKey(publicKey: Uint8Array): string {
  expectLength('Ed25519 public key', publicKey, sizes.ed25519PublicKey);
  return base64.encode(publicKey);
}

function decodePublicKey(text: string): Uint8Array {
  if (text.startsWith('-----BEGIN ')) return decodePublicKeyPem(text);
  if (/[\r\n]/u.test(text)) {
    throw new CryptoError('unreadable-key-file', 'One public key is expected, on one line');
  }
  const [first = '', second = ''] = text.split(/\s+/u);
  return first === sshEd25519
    ? decodeSshPublicKeyBlob(decodeBase64(second))
    : rawPublicKey(decodeBase64(text));
}

function rawPublicKey(bytes: Uint8Array): Uint8Array {
  if (bytes.length === sizes.ed25519PublicKey) return bytes;
  throw new CryptoError('unreadable-key-file', 'An Ed25519 public key has 32 bytes');
}

function decodeBase64(text: string): Uint8Array {
  try {
    return base64.decode(text);
  } catch (cause) {
    throw new CryptoError('unreadable-key-file', 'The public key is not valid base64', { cause });
  }
}
