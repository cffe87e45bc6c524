import type { FileMetadata, Keyring, VaultErrorCode } from '@e2eeftp/vault';

import type { PackedBytes } from './packed-bytes.js';
import type { PackedMetadata } from './packed-metadata.js';

/** A small file that is to be sealed. */
export interface FileToSeal {
  /** The entry that it will be stored as, 12 bytes. */
  readonly entry: Uint8Array;
  readonly metadata: Omit<FileMetadata, 'sender'>;
  readonly content: Uint8Array;
}

/** A small file as it is stored. */
export interface FileToOpen {
  /** The entry that it is stored as, 12 bytes. */
  readonly entry: Uint8Array;
  readonly stored: Uint8Array;
}

/** A file that was opened, and whose sender's signature was checked. */
export interface OpenedFile {
  readonly metadata: FileMetadata;
  readonly content: Uint8Array;
}

/** What a thread has to know of a vault. */
export interface VaultKeys {
  readonly keyring: Keyring;
  /** The secrets of all epochs, 32 bytes each. */
  readonly secrets: readonly Uint8Array[];
  /** The seed of who seals, 32 bytes. */
  readonly seed: Uint8Array;
}

/** Files, for another thread. */
interface PackedFiles {
  /** The entries that they are stored as, or will be. */
  readonly entries: PackedBytes;
  /** What they contain, or what is stored of them. */
  readonly contents: PackedBytes;
}

/** What a thread is asked for. */
export type VaultTask = PackedFiles & {
  /** Which vault, and which keyring of it. */
  readonly vault: number;
  /** The same in full; a thread that does not know it yet asks for it. */
  readonly keys?: VaultKeys | undefined;
} & ({ readonly type: 'seal'; readonly metadata: PackedMetadata } | { readonly type: 'open' });

/** Why nothing became of one file. */
export interface FileFailure {
  readonly code: VaultErrorCode;
  readonly message: string;
}

/** What a thread gives. */
export type VaultResult =
  | { readonly isUnknown: true }
  | {
      readonly isUnknown: false;
      /** What has become of the files; nothing of one that failed. */
      readonly contents: PackedBytes;
      /** What those tell that were opened. */
      readonly metadata: PackedMetadata;
      /** Why nothing became of some, each by its index. */
      readonly failures: ReadonlyMap<number, FileFailure>;
    };
