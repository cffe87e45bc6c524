import { hkdf, utf8, type CryptoBackend } from '@e2eeftp/crypto';

import { labels } from '../labels.js';
import { vaultSizes } from '../limits.js';
import { StreamKey } from './age/stream.js';

/** What a file's key is used for once its header was written or read. */
export interface FileKeys {
  /** Seals and opens the payload's chunks. */
  readonly stream: StreamKey;
  /** Stands for the file key in the signed message, 32 bytes. */
  readonly commitment: Uint8Array;
}

/**
 * @param backend - the primitives to use
 * @param fileKey - the file's key, 16 bytes; it may be wiped after the call
 * @param nonce - the payload's nonce, 16 bytes
 * @returns the keys of the file's payload and signature
 * @throws VaultError `misuse` when a length is wrong
 */
export function deriveFileKeys(
  backend: CryptoBackend,
  fileKey: Uint8Array,
  nonce: Uint8Array,
): FileKeys {
  return {
    stream: StreamKey.derive(backend, fileKey, nonce),
    commitment: hkdf(
      backend,
      fileKey,
      new Uint8Array(0),
      utf8(labels.commit),
      vaultSizes.commitment,
    ),
  };
}
