import { concatBytes, equalBytes } from '@e2eeftp/crypto';

import { expectLength } from '../encoding/expect-length.js';
import { VaultError, type VaultErrorCode } from '../errors.js';
import { vaultSizes } from '../limits.js';
import type { SealingAccess } from './access.js';
import { FileKey } from './age/file-key.js';
import { AgeHeaderReader } from './age/header-reader.js';
import { streamSizes } from './age/stream.js';
import {
  openFileHeader,
  parseFileStanzas,
  sealFileHeader,
  type OpenedFileHeader,
} from './file-header.js';
import { deriveFileKeys } from './file-keys.js';
import { FileSealer, sourceChanged, type FileUnderWay } from './file-sealer.js';
import type { FileMetadata } from './metadata.js';
import { trimUploadJournal, type UploadJournal } from './upload-journal.js';

/** What makes it possible to see that a source is still what it was. Opaque here. */
export interface SourceState {
  /**
   * What differs when the source may have changed: of a file, its device, inode, size, mtime and
   * ctime. At most 65,535 bytes.
   */
  readonly source: Uint8Array;
  /** What differs after the machine restarted, when a journal may have lost its end. Likewise. */
  readonly boot: Uint8Array;
}

/** A file that is about to be sealed. */
export interface FileToSeal {
  /** A random id that no entry had before, 12 bytes. */
  readonly entry: Uint8Array;
  readonly metadata: Omit<FileMetadata, 'sender'>;
  /** Leave it out for what cannot be read again, like standard input: there is no journal then. */
  readonly state?: SourceState;
}

/**
 * Begins a file with keys that no other has.
 *
 * @param access - vault, keys and sender
 * @param file - entry and metadata
 * @returns a sealer at the beginning of content and stored file
 * @throws VaultError `unknown-epoch` when there is no key of the epoch; `misuse` when a value has
 *   the wrong form
 */
export function beginSealing(
  access: SealingAccess,
  { entry, metadata: told, state }: FileToSeal,
): FileSealer {
  const { backend, vault, epoch, sender } = access;
  expectLength('A vault id', vault, vaultSizes.vaultId);
  const metadata = { ...told, sender: sender.publicKey };
  const fileKey = FileKey.take(backend, backend.randomBytes(streamSizes.fileKey));
  const wrapSalt = backend.randomBytes(vaultSizes.wrapSalt);
  const nonce = backend.randomBytes(streamSizes.nonce);
  const parts = { epoch, wrapKey: wrapKeyOf(access), entry, fileKey, wrapSalt, metadata };
  const header = sealFileHeader(backend, parts);
  const begun = { ...access, entry, header, nonce, metadata, fileKey };
  if (!state) return new FileSealer(underWay(begun));
  const empty = { leaves: new Uint8Array(0), firstChunk: 0, tags: new Uint8Array(0) };
  const journal = { ...state, ...empty, vault, entry, header, nonce };
  return new FileSealer({ ...underWay(begun), journal });
}

/**
 * Goes on with an upload that was interrupted. Any error but `misuse`, here or while sealing, means
 * that it has to start over, with a new entry and new keys.
 *
 * @param access - vault, keys and sender as they are now
 * @param journal - what was noted of it
 * @param state - what source and machine are now
 * @param storedOffset - how many bytes of the stored file the server has confirmed as durable
 * @returns a sealer that gives what follows these bytes; it is to be fed from its `contentOffset`
 * @throws VaultError `source-changed`, `journal-insufficient`, `journal-damaged`,
 *   `epoch-changed`, `unknown-epoch`; `misuse` when the offset is no number of bytes
 */
export function resumeSealing(
  access: SealingAccess,
  journal: UploadJournal,
  state: SourceState,
  storedOffset: number,
): FileSealer {
  if (!Number.isSafeInteger(storedOffset) || storedOffset < 0) {
    throw new VaultError('misuse', 'An offset is a number of bytes');
  }
  if (!equalBytes(journal.source, state.source)) throw sourceChanged();
  if (!equalBytes(journal.boot, state.boot)) {
    throw new VaultError(
      'journal-insufficient',
      'The machine was restarted since this upload began, and its notes may have lost their end. Start it over',
    );
  }
  const file = underWay({ ...access, ...journal, ...reopenHeader(access, journal) });
  const stored = Math.max(0, storedOffset - file.head.length);
  return new FileSealer({ ...file, journal: trimUploadJournal(journal, stored), storedOffset });
}

/** Derives what the file key is for, and wipes it. */
function underWay(
  file: Pick<SealingAccess, 'backend' | 'epoch' | 'sender' | 'vault'> &
    Pick<UploadJournal, 'entry' | 'header' | 'nonce'> &
    OpenedFileHeader,
): FileUnderWay {
  const { backend, epoch, sender, vault, entry, header, nonce, metadata, fileKey } = file;
  const keys = deriveFileKeys(fileKey, nonce);
  fileKey.wipe();
  const head = concatBytes(header, nonce);
  return { backend, epoch, sender, vault, entry, metadata, keys, head, storedOffset: 0 };
}

function wrapKeyOf(access: SealingAccess): Uint8Array {
  const { epoch } = access;
  const key = access.wrapKey(epoch);
  if (key) return key;
  throw new VaultError(
    'unknown-epoch',
    `There is no key of epoch ${epoch} to seal files with. Look for a newer keyring`,
  );
}

/** Takes the file key out of the header again, which is why the journal needs to hold none. */
function reopenHeader(access: SealingAccess, journal: UploadJournal): OpenedFileHeader {
  const { backend, epoch, sender } = access;
  const reader = new AgeHeaderReader(vaultSizes.fileHeader);
  try {
    reader.receive(journal.header);
    const { header } = reader;
    if (header?.length !== journal.header.length || !equalBytes(journal.vault, access.vault)) {
      throw foreignJournal();
    }
    const stanzas = parseFileStanzas(header);
    if (stanzas.epoch !== epoch) {
      throw new VaultError(
        'epoch-changed',
        'The members of the vault changed since this upload began, and it is sealed for the earlier ones. Start it over',
      );
    }
    const opened = openFileHeader(backend, header, stanzas, wrapKeyOf(access), journal.entry);
    if (!equalBytes(opened.metadata.sender, sender.publicKey)) throw foreignJournal();
    return opened;
  } catch (cause) {
    const isOther = cause instanceof VaultError && !ownCodes.has(cause.code);
    throw isOther ? foreignJournal(cause) : cause;
  }
}

/** What reopening a header says itself; whatever else is wrong with the header damaged the journal. */
const ownCodes = new Set<VaultErrorCode>([
  'epoch-changed',
  'journal-damaged',
  'misuse',
  'unknown-epoch',
]);

function foreignJournal(cause?: VaultError): VaultError {
  return new VaultError(
    'journal-damaged',
    'The notes of this upload are damaged, or belong to another vault or identity. Start it over',
    cause && { cause },
  );
}
