import { concatBytes, utf8 } from '@e2eeftp/crypto';

import { labels } from '../labels.js';
import { encodeMetadata, type FileMetadata } from './metadata.js';

/** What the sender of a file vouches for. */
export interface SignedFile {
  /** The vault, 16 bytes. */
  readonly vault: Uint8Array;
  /** The entry, 12 bytes. */
  readonly entry: Uint8Array;
  /** What stands for the file key, so that a signature fits one encrypted file only; 32 bytes. */
  readonly commitment: Uint8Array;
  /** The tree hash of the content, 32 bytes. */
  readonly root: Uint8Array;
  /** Bytes of content. */
  readonly size: number;
  readonly metadata: FileMetadata;
}

/**
 * @param file - content, place and metadata
 * @returns what the sender signs with Ed25519 (FORMAT.md, files)
 */
export function fileMessage(file: SignedFile): Uint8Array {
  const { vault, entry, commitment, root, metadata } = file;
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(file.size));
  const label = utf8(labels.file);
  const end = Uint8Array.of(0);
  return concatBytes(label, end, vault, entry, commitment, root, size, encodeMetadata(metadata));
}
