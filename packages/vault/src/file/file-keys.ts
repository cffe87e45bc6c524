import { utf8 } from '@e2eeftp/crypto';

import { labels } from '../labels.js';
import type { FileKey } from './age/file-key.js';
import type { StreamKey } from './age/stream.js';

/** What a file's key is used for once its header was written or read. */
export interface FileKeys {
  /** Seals and opens the payload's chunks. */
  readonly stream: StreamKey;
  /** Stands for the file key in the signed message, 32 bytes. */
  readonly commitment: Uint8Array;
}

const commitLabel = utf8(labels.commit);

/**
 * @param fileKey - the file's key; it may be wiped after the call
 * @param nonce - the payload's nonce, 16 bytes
 * @returns the keys of the file's payload and signature
 * @throws VaultError `misuse` when the nonce has the wrong length
 */
export function deriveFileKeys(fileKey: FileKey, nonce: Uint8Array): FileKeys {
  return { stream: fileKey.streamKey(nonce), commitment: fileKey.derive(commitLabel) };
}
