import { base64 } from '@scure/base';

import { concatBytes, utf8 } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { sizes } from '../labels.js';
import { expectLength } from '../lengths.js';
import { SshReader } from './ssh-wire.js';

/** The algorithm's name in SSH (RFC 8709). */
export const sshEd25519 = 'ssh-ed25519';

/**
 * @param publicKey - an Ed25519 public key, 32 bytes
 * @param comment - what stands behind the key, such as its owner; a single line
 * @returns the line that OpenSSH writes into `.pub` files
 * @throws CryptoError `bad-key` when there are not 32 bytes, `misuse` for a comment of several lines
 */
export function encodeSshPublicKey(publicKey: Uint8Array, comment = ''): string {
  expectLength('Ed25519 public key', publicKey, sizes.ed25519PublicKey);
  // Into a file of keys, a comment with a line break would smuggle a second one.
  if (/\p{Cc}/u.test(comment)) {
    throw new CryptoError(
      'misuse',
      'The comment of an SSH key is one line without control characters',
    );
  }
  const blob = concatBytes(sshString(utf8(sshEd25519)), sshString(publicKey));
  return `${sshEd25519} ${base64.encode(blob)} ${comment}`.trim();
}

/**
 * @param blob - the key as SSH encodes it, without base64
 * @returns the Ed25519 public key in it, 32 bytes
 * @throws CryptoError `unreadable-key-file` for another kind of key or a damaged one
 */
export function decodeSshPublicKeyBlob(blob: Uint8Array): Uint8Array {
  const reader = new SshReader(blob);
  const kind = reader.text();
  if (kind !== sshEd25519) {
    throw new CryptoError('unreadable-key-file', 'The SSH key is not an Ed25519 key');
  }
  const publicKey = Uint8Array.from(reader.string());
  if (publicKey.length !== sizes.ed25519PublicKey || reader.rest().length > 0) {
    throw new CryptoError('unreadable-key-file', 'The SSH key is damaged');
  }
  return publicKey;
}

function sshString(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}
