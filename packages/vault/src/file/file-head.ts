import { wipe, type CryptoBackend } from '@e2eeftp/crypto';

import type { AgeHeader } from './age/header.js';
import { AgeHeaderReader } from './age/header-reader.js';
import { streamSizes } from './age/stream.js';
import { expectLength, VaultFileError } from './errors.js';
import { maximumHeaderSize, openFileHeader, parseFileStanzas } from './file-header.js';
import { deriveFileKeys, type FileKeys } from './file-keys.js';
import type { FileMetadata } from './metadata.js';
import { fileSizes } from './sizes.js';
import { contentFileSize } from './stored-size.js';

/** What a member knows of a vault when files are read. */
export interface VaultAccess {
  /** The primitives to use. */
  readonly backend: CryptoBackend;
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The oldest epoch whose files still count. */
  readonly oldestEpoch: number;
  /**
   * @param epoch - the epoch that a file claims
   * @returns its wrap key, 32 bytes, or `undefined` when there is none
   */
  wrapKey(epoch: number): Uint8Array | undefined;
  /**
   * @param identity - the public key of a sender, 32 bytes
   * @param epoch - the epoch of a file
   * @returns whether that identity was allowed to write in that epoch
   */
  isWriter(identity: Uint8Array, epoch: number): boolean;
}

/** Where a file was found, and how long it is there. */
export interface StoredFile {
  /** The id in the stored name, 12 bytes. */
  readonly entry: Uint8Array;
  /** Bytes that the server stores, as it says. */
  readonly storedSize: number;
}

/**
 * A file's beginning, opened. Its metadata are authentic for whoever trusts all members: anybody
 * with the epoch's secret could have written them. That the sender did shows only at the end of a
 * whole file.
 */
export interface FileHead extends StoredFile {
  readonly access: VaultAccess;
  readonly epoch: number;
  readonly metadata: FileMetadata;
  /** Bytes of content that follow from the stored length; the server's claim, as that is. */
  readonly contentSize: number;
  /** Opens the file's payload. */
  readonly keys: FileKeys;
}

interface HeadWithoutNonce {
  readonly fileKey: Uint8Array;
  readonly head: Omit<FileHead, 'keys'>;
}

/**
 * Reads a file's header and nonce from pieces, however these were cut, and refuses the file as
 * early as its place, epoch, sender and length allow.
 */
export class FileHeadReader {
  readonly #access: VaultAccess;
  readonly #file: StoredFile;
  readonly #header = new AgeHeaderReader(maximumHeaderSize);
  readonly #nonce = new Uint8Array(streamSizes.nonce);
  #inNonce = 0;
  #opened: HeadWithoutNonce | undefined;
  #head: FileHead | undefined;

  /**
   * @param access - keys and rules of the vault
   * @param file - where the file was found
   * @throws VaultFileError `misuse` when an id has the wrong length
   */
  constructor(access: VaultAccess, file: StoredFile) {
    expectLength('A vault id', access.vault, fileSizes.vaultId);
    expectLength('An entry id', file.entry, fileSizes.entryId);
    this.#access = access;
    this.#file = file;
  }

  /** The file's head, once all of it has come. */
  get head(): FileHead | undefined {
    return this.#head;
  }

  /**
   * @param bytes - the stored file's next bytes; not kept
   * @returns how many of them belong to the head; the payload begins behind these
   * @throws VaultFileError `header-malformed`, `not-this-place`, `header-altered`,
   *   `metadata-invalid`, `epoch-unknown`, `epoch-too-old`, `size-impossible`, `sender-not-writer`
   */
  receive(bytes: Uint8Array): number {
    if (this.#head) return 0;
    const used = this.#header.receive(bytes);
    const { header } = this.#header;
    if (!header) return used;
    this.#opened ??= this.#open(header);
    const part = bytes.subarray(used, used + this.#nonce.length - this.#inNonce);
    this.#nonce.set(part, this.#inNonce);
    this.#inNonce += part.length;
    if (this.#inNonce === this.#nonce.length) this.#complete(this.#opened);
    return used + part.length;
  }

  /**
   * Says that no more bytes come.
   *
   * @returns the head
   * @throws VaultFileError `truncated` when a part of it is missing
   */
  finish(): FileHead {
    if (this.#head) return this.#head;
    throw new VaultFileError(
      'truncated',
      'The file stops within its header. Fetch it again; if that fails as well, send the original again',
    );
  }

  #open(header: AgeHeader): HeadWithoutNonce {
    const access = this.#access;
    const stanzas = parseFileStanzas(header);
    const { epoch } = stanzas;
    const wrapKey = this.#wrapKey(epoch);
    const { entry } = this.#file;
    const { fileKey, metadata } = openFileHeader(access.backend, header, stanzas, wrapKey, entry);
    if (!access.isWriter(metadata.sender, epoch)) {
      throw new VaultFileError(
        'sender-not-writer',
        'This file names a sender who was not allowed to write when it was written. Do not trust it; ask the members of the vault',
      );
    }
    const contentSize = contentFileSize(this.#file.storedSize, epoch);
    return { fileKey, head: { ...this.#file, access, epoch, metadata, contentSize } };
  }

  #wrapKey(epoch: number): Uint8Array {
    const { oldestEpoch } = this.#access;
    if (epoch < oldestEpoch) {
      throw new VaultFileError(
        'epoch-too-old',
        `This file is of epoch ${epoch}, and since the vault was rekeyed only files from epoch ${oldestEpoch} on count: a former member could have forged it. Ask for it to be sent again`,
      );
    }
    const wrapKey = this.#access.wrapKey(epoch);
    if (!wrapKey) {
      throw new VaultFileError(
        'epoch-unknown',
        `This file is of epoch ${epoch}, of which there is no key here. Look for a newer keyring; without one, ask an owner of the vault`,
      );
    }
    return wrapKey;
  }

  #complete({ fileKey, head }: HeadWithoutNonce): void {
    const keys = deriveFileKeys(this.#access.backend, fileKey, this.#nonce);
    wipe(fileKey);
    this.#head = { ...head, keys };
  }
}
