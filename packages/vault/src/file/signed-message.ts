import { labelled } from '../encoding/labelled.js';
import { labels } from '../labels.js';
import type { FileHead } from './file-head.js';
import { encodeMetadata, type FileMetadata } from './metadata.js';

/** What the sender of a file vouches for. */
export interface SignedFile {
  /** The vault, 16 bytes. */
  readonly vault: Uint8Array;
  /** The entry, 12 bytes. */
  readonly entry: Uint8Array;
  /**
   * The epoch that the file was written in: were it not signed, a reader could wrap an old file of a
   * writer anew and carry it, with the server's help, past the oldest epoch that counts.
   */
  readonly epoch: number;
  /** What stands for the file key, so that a signature fits one encrypted file only; 32 bytes. */
  readonly commitment: Uint8Array;
  /** The tree hash of the content, 32 bytes. */
  readonly root: Uint8Array;
  /** Bytes of content. */
  readonly size: number;
  readonly metadata: FileMetadata;
}

/**
 * @param file - content, place, epoch and metadata
 * @returns what the sender signs with Ed25519 (FORMAT.md, files)
 */
export function fileMessage(file: SignedFile): Uint8Array {
  const { vault, entry, commitment, root, metadata } = file;
  const epoch = new Uint8Array(2);
  new DataView(epoch.buffer).setUint16(0, file.epoch);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(file.size));
  return labelled(
    labels.file,
    ...[vault, entry, epoch, commitment, root, size, encodeMetadata(metadata)],
  );
}

/**
 * @param head - a file's head
 * @param root - the tree hash of content that has the file's size, 32 bytes
 * @param signature - 64 bytes
 * @returns whether the sender signed a file with this head and content
 */
export function isSigned(head: FileHead, root: Uint8Array, signature: Uint8Array): boolean {
  const { access, entry, epoch, keys, contentSize, metadata } = head;
  const { commitment } = keys;
  const { vault } = access;
  const file = { vault, entry, epoch, commitment, root, size: contentSize, metadata };
  return access.backend.ed25519.verify(metadata.sender, fileMessage(file), signature);
}
