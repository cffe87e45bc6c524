import { expectLength } from '../encoding/expect-length.js';
import { VaultError } from '../errors.js';
import { vaultSizes } from '../limits.js';
import type { OpeningAccess } from './access.js';
import type { FileKey } from './age/file-key.js';
import type { AgeHeader } from './age/header.js';
import { AgeHeaderReader } from './age/header-reader.js';
import { streamSizes } from './age/stream.js';
import { openFileHeader, parseFileStanzas } from './file-header.js';
import { deriveFileKeys, type FileKeys } from './file-keys.js';
import type { FileMetadata } from './metadata.js';
import { contentFileSize } from './stored-size.js';

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
  readonly access: OpeningAccess;
  readonly epoch: number;
  readonly metadata: FileMetadata;
  /** Bytes of content that follow from the stored length; the server's claim, as that is. */
  readonly contentSize: number;
  /** Opens the file's payload. */
  readonly keys: FileKeys;
}

interface HeadWithoutNonce {
  readonly fileKey: FileKey;
  readonly head: Omit<FileHead, 'keys'>;
}

/**
 * Reads a file's header and nonce from pieces, however these were cut, and refuses the file as
 * early as its place, epoch, sender and length allow.
 */
export class FileHeadReader {
  readonly #access: OpeningAccess;
  readonly #file: StoredFile;
  readonly #header = new AgeHeaderReader(vaultSizes.fileHeader);
  readonly #nonce = new Uint8Array(streamSizes.nonce);
  #inNonce = 0;
  #opened: HeadWithoutNonce | undefined;
  #head: FileHead | undefined;

  /**
   * @param access - keys and rules of the vault
   * @param file - where the file was found
   * @throws VaultError `misuse` when an id has the wrong length
   */
  constructor(access: OpeningAccess, file: StoredFile) {
    expectLength('A vault id', access.vault, vaultSizes.vaultId);
    expectLength('An entry id', file.entry, vaultSizes.entryId);
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
   * @throws VaultError `malformed`, `not-this-place`, `header-altered`,
   *   `metadata-invalid`, `unknown-epoch`, `too-old`, `size-impossible`, `sender-not-writer`
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
   * @throws VaultError `truncated` when a part of it is missing
   */
  finish(): FileHead {
    if (this.#head) return this.#head;
    throw new VaultError(
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
      throw new VaultError(
        'sender-not-writer',
        'This file names a sender who was not allowed to write when it was written. Do not trust it; ask the members of the vault',
      );
    }
    const contentSize = contentFileSize(this.#file.storedSize);
    return { fileKey, head: { ...this.#file, access, epoch, metadata, contentSize } };
  }

  #wrapKey(epoch: number): Uint8Array {
    const { oldest } = this.#access;
    if (epoch < oldest) {
      throw new VaultError(
        'too-old',
        `This file is of epoch ${epoch}, and since the vault was rekeyed only files from epoch ${oldest} on count: a former member could have forged it. Ask for it to be sent again`,
      );
    }
    const wrapKey = this.#access.wrapKey(epoch);
    if (!wrapKey) {
      throw new VaultError(
        'unknown-epoch',
        `This file is of epoch ${epoch}, of which there is no key here. Look for a newer keyring; without one, ask an owner of the vault`,
      );
    }
    return wrapKey;
  }

  #complete({ fileKey, head }: HeadWithoutNonce): void {
    const keys = deriveFileKeys(fileKey, this.#nonce);
    fileKey.wipe();
    this.#head = { ...head, keys };
  }
}
