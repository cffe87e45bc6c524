import type { FileMetadata } from '@e2eeftp/vault';

import { packBytes, unpackBytes, type PackedBytes } from './packed-bytes.js';

/** What a file tells about itself; its sender only once it is sealed. */
export type PackableMetadata = Omit<FileMetadata, 'sender'> & Partial<FileMetadata>;

/** What files tell about themselves, a column for each thing. */
export interface PackedMetadata {
  readonly mtimes: Float64Array<ArrayBuffer>;
  readonly modes: Uint32Array<ArrayBuffer>;
  /** Nothing where the file is yet to be sealed. */
  readonly senders: PackedBytes;
  readonly replaces: readonly (readonly Uint8Array[])[];
}

/**
 * @param files - metadata of several files
 * @returns the same, for another thread
 */
export function packMetadata(files: readonly PackableMetadata[]): PackedMetadata {
  return {
    mtimes: Float64Array.from(files, ({ mtime }) => mtime),
    modes: Uint32Array.from(files, ({ mode }) => mode),
    senders: packBytes(files.map(({ sender }) => (sender ? [sender] : []))),
    replaces: files.map(({ replaces }) => replaces),
  };
}

/**
 * @param packed - what {@link packMetadata} gave
 * @returns the metadata of each file
 */
export function unpackMetadata({
  mtimes,
  modes,
  senders,
  replaces,
}: PackedMetadata): FileMetadata[] {
  return unpackBytes(senders).map((sender, index) => ({
    mtime: mtimes[index] ?? 0,
    mode: modes[index] ?? 0,
    sender,
    replaces: replaces[index] ?? [],
  }));
}
