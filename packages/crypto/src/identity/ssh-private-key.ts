import { ctr } from '@noble/ciphers/aes.js';
import bcryptPbkdf from 'bcrypt-pbkdf';

import { equalBytes, utf8, wipe } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { sizes } from '../labels.js';
import { decodePem } from './pem.js';
import { decodeSshPublicKeyBlob, sshEd25519 } from './ssh-public-key.js';
import { SshReader } from './ssh-wire.js';

const magic = utf8('openssh-key-v1\0');
/** ssh-keygen writes 16 or 24; a file that asks for a million would only stall us. */
const maximumRounds = 4096;

/** What a private key file of OpenSSH holds. */
export interface SshKeyPair {
  /** The Ed25519 private key, 32 bytes. */
  readonly seed: Uint8Array;
  /** The public key beside it, 32 bytes; whether it belongs to the seed is not yet checked. */
  readonly publicKey: Uint8Array;
}

/**
 * Reads a private key file of OpenSSH (its PROTOCOL.key format), as `ssh-keygen -t ed25519`
 * writes it, without or with a passphrase (aes256-ctr, OpenSSH's default, and bcrypt).
 *
 * @param text - the file
 * @param passphrase - when the file needs one
 * @returns the Ed25519 private key in it and the public key that the file claims for it
 * @throws CryptoError `unreadable-key-file` for another kind of key or cipher, and for a
 *   passphrase that is missing; `wrong-passphrase`
 */
export function decodeSshPrivateKey(text: string, passphrase?: string): SshKeyPair {
  const reader = new SshReader(decodePem('OPENSSH PRIVATE KEY', text));
  if (!equalBytes(reader.raw(magic.length), magic)) throw damaged();
  const cipher = reader.text();
  const kdf = reader.text();
  const kdfOptions = reader.string();
  if (reader.uint32() !== 1) throw damaged();
  const publicKey = decodeSshPublicKeyBlob(reader.string());
  const section = reader.string();
  if (reader.rest().length > 0) throw damaged();
  if (cipher === 'none' && kdf === 'none') {
    return { seed: readPrivateSection(section, publicKey, damaged), publicKey };
  }
  if (cipher !== 'aes256-ctr' || kdf !== 'bcrypt') {
    throw new CryptoError(
      'unreadable-key-file',
      'The SSH key is encrypted with a cipher other than aes256-ctr; rewrite it with `ssh-keygen -p -Z aes256-ctr`',
    );
  }
  if (passphrase === undefined || passphrase === '') {
    throw new CryptoError('unreadable-key-file', 'The SSH key needs its passphrase');
  }
  const plaintext = decryptSection(section, kdfOptions, passphrase);
  const seed = readPrivateSection(plaintext, publicKey, wrongPassphrase);
  wipe(plaintext);
  return { seed, publicKey };
}

function decryptSection(
  section: Uint8Array,
  kdfOptions: Uint8Array,
  passphrase: string,
): Uint8Array {
  const options = new SshReader(kdfOptions);
  const salt = options.string();
  const rounds = options.uint32();
  if (rounds < 1 || rounds > maximumRounds) throw damaged();
  const secret = utf8(passphrase);
  const keyAndIv = new Uint8Array(32 + 16);
  const status = bcryptPbkdf.pbkdf(
    secret,
    secret.length,
    salt,
    salt.length,
    keyAndIv,
    keyAndIv.length,
    rounds,
  );
  wipe(secret);
  if (status !== 0) throw damaged();
  const plaintext = ctr(keyAndIv.slice(0, 32), keyAndIv.slice(32)).decrypt(section);
  wipe(keyAndIv);
  return plaintext;
}

function readPrivateSection(
  section: Uint8Array,
  publicKey: Uint8Array,
  notOpened: () => CryptoError,
): Uint8Array {
  const reader = new SshReader(section);
  // Two equal numbers are all that tells a right passphrase from a wrong one.
  if (reader.uint32() !== reader.uint32()) throw notOpened();
  const isRightKey = reader.text() === sshEd25519 && equalBytes(reader.string(), publicKey);
  const seedAndPublicKey = reader.string();
  reader.string();
  const isPadded = reader.rest().every((byte, index) => byte === index + 1);
  const isWhole =
    seedAndPublicKey.length === 64 && equalBytes(seedAndPublicKey.subarray(32), publicKey);
  if (!isRightKey || !isPadded || !isWhole) throw damaged();
  return seedAndPublicKey.slice(0, sizes.ed25519Seed);
}

function damaged(): CryptoError {
  return new CryptoError('unreadable-key-file', 'The SSH key is damaged or of another kind');
}

function wrongPassphrase(): CryptoError {
  return new CryptoError(
    'wrong-passphrase',
    'The passphrase of the SSH key is wrong, or the file is damaged',
  );
}
