import {
  concatBytes,
  CryptoError,
  hkdfExpand,
  hkdfExtract,
  utf8,
  wipe,
  xWingSizes,
  type CryptoBackend,
  type XWingKeyPair,
} from '@e2eeftp/crypto';
import { base64nopad } from '@scure/base';

import { VaultError } from '../../errors.js';
import type { AgeStanza } from './header.js';
import { streamSizes } from './stream.js';

const kind = 'mlkem768x25519';
const info = utf8('age-encryption.org/mlkem768x25519');

/** HPKE with X-Wing, HKDF-SHA-256 and ChaCha20-Poly1305: the ids of the three (RFC 9180, section 7). */
const suite = concatBytes(utf8('HPKE'), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x03));
const version = utf8('HPKE-v1');
const modeBase = Uint8Array.of(0);
const nothing = new Uint8Array(0);
const sizes = { body: streamSizes.fileKey + streamSizes.tag, key: 32, nonce: 12 } as const;

/**
 * Opens a stanza that age makes for a hybrid recipient: the file key, sealed with HPKE in its base
 * mode (age-encryption.org/mlkem768x25519; RFC 9180).
 *
 * @param backend - the primitives to use
 * @param pair - whose stanza it may be
 * @param stanza - any stanza
 * @returns the file key, 16 bytes, to be wiped and not to be trusted before the header's MAC was
 *   verified with it; nothing when the stanza is of another kind, or for somebody else
 * @throws VaultError `malformed` when it is of this kind and age would not have written it
 */
export function openHybridStanza(
  backend: CryptoBackend,
  pair: XWingKeyPair,
  { args, body }: AgeStanza,
): Uint8Array | undefined {
  if (args[0] !== kind) return undefined;
  const [, encapsulated] = args;
  const ciphertext = encapsulated === undefined ? nothing : decode(encapsulated);
  const isRight = args.length === 2 && body.length === sizes.body;
  if (!isRight || ciphertext.length !== xWingSizes.ciphertext) throw malformed();
  try {
    const sharedSecret = pair.decapsulate(ciphertext);
    const { key, nonce } = keySchedule(backend, sharedSecret);
    const aead = backend.aead('chacha20-poly1305', key);
    wipe(sharedSecret, key);
    return aead.open(nonce, nothing, body);
  } catch (error) {
    // It is somebody else's, or nobody's.
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}

/** `KeySchedule` without a pre-shared key (RFC 9180, section 5.1). */
function keySchedule(
  backend: CryptoBackend,
  sharedSecret: Uint8Array,
): { key: Uint8Array; nonce: Uint8Array } {
  const labeledExtract = (salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array => {
    const labeled = concatBytes(version, suite, utf8(label), ikm);
    return hkdfExtract(backend, salt, labeled);
  };
  const pskIdHash = labeledExtract(nothing, 'psk_id_hash', nothing);
  const infoHash = labeledExtract(nothing, 'info_hash', info);
  const context = concatBytes(modeBase, pskIdHash, infoHash);
  const secret = labeledExtract(sharedSecret, 'secret', nothing);
  const labeledExpand = (label: string, length: number): Uint8Array => {
    const labeled = concatBytes(Uint8Array.of(0, length), version, suite, utf8(label), context);
    return hkdfExpand(backend, secret, labeled, length);
  };
  const key = labeledExpand('key', sizes.key);
  const nonce = labeledExpand('base_nonce', sizes.nonce);
  wipe(secret);
  return { key, nonce };
}

/** Only the canonical spelling. */
function decode(text: string): Uint8Array {
  try {
    return base64nopad.decode(text);
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause?: unknown): VaultError {
  return new VaultError(
    'malformed',
    'A part of this file that is meant for one person has the wrong form: it was damaged where it is stored, or made by a program that is not age. Fetch it again, or ask whoever made it',
    cause === undefined ? undefined : { cause },
  );
}
