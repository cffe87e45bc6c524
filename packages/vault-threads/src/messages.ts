import type { FileMetadata, Keyring, VaultErrorCode } from '@e2eeftp/vault';

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

/** What a thread is asked for. */
export type VaultTask = {
  /** Which vault, and which keyring of it. */
  readonly vault: number;
  /** The same in full; a thread that does not know it yet asks for it. */
  readonly keys?: VaultKeys | undefined;
} & (
  | { readonly type: 'seal'; readonly files: readonly FileToSeal[] }
  | { readonly type: 'open'; readonly files: readonly FileToOpen[] }
);

/** Why nothing became of one file. */
interface FileFailure {
  readonly code: VaultErrorCode;
  readonly message: string;
}

/** What became of one file: how many of the bytes are its, and what was said of it. */
export type FileOutcome =
  { readonly length: number; readonly metadata?: FileMetadata } | { readonly failure: FileFailure };

/** What a thread gives. */
export type VaultResult =
  | { readonly isUnknown: true }
  | {
      readonly isUnknown: false;
      /** What the files have become, one behind the other. */
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly outcomes: readonly FileOutcome[];
    };
