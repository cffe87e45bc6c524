import { concatBytes, CryptoError, hkdf, utf8, wipe, type CryptoBackend } from '@e2eeftp/crypto';
import { base64nopad } from '@scure/base';

import { expectLength } from '../encoding/expect-length.js';
import { VaultError } from '../errors.js';
import { labels } from '../labels.js';
import { vaultLimits, vaultSizes } from '../limits.js';
import { FileKey } from './age/file-key.js';
import { formatAgeHeader, type AgeHeader } from './age/header.js';
import { streamSizes } from './age/stream.js';
import { decodeMetadata, encodeMetadata, type FileMetadata } from './metadata.js';

/** What a header is made from. */
export interface FileHeaderParts {
  readonly epoch: number;
  /** The wrap key of that epoch, 32 bytes. */
  readonly wrapKey: Uint8Array;
  /** The entry that the file is stored as, 12 bytes. */
  readonly entry: Uint8Array;
  /** A random key that no other file has. */
  readonly fileKey: FileKey;
  /** Random, 16 bytes. */
  readonly wrapSalt: Uint8Array;
  readonly metadata: FileMetadata;
}

/** The two stanzas of a vault file, well-formed and neither opened nor authenticated. */
export interface FileStanzas {
  readonly epoch: number;
  readonly wrapSalt: Uint8Array;
  /** The file key, sealed for one entry. */
  readonly wrappedKey: Uint8Array;
  readonly sealedMetadata: Uint8Array;
}

/** An epoch is padded to these, so that a stored length means one size of content in every epoch. */
const epochDigits = 5;
const wrappedKeySize = streamSizes.fileKey + streamSizes.tag;
const sealedMetadataSize = vaultSizes.metadata + streamSizes.tag;
const wrapLabel = utf8(labels.fileKey);
const metadataLabel = utf8(labels.metadata);

/**
 * Writes the header of a vault file (FORMAT.md, files).
 *
 * @param backend - the primitives to use
 * @param parts - keys, place and metadata
 * @returns the header's bytes
 * @throws VaultError `misuse` when a value has the wrong form
 */
export function sealFileHeader(backend: CryptoBackend, parts: FileHeaderParts): Uint8Array {
  const { epoch, entry, fileKey, wrapSalt, metadata } = parts;
  if (!isEpoch(epoch)) {
    throw new VaultError('misuse', `An epoch is a whole number from 1 to ${vaultLimits.epoch}`);
  }
  expectLength('The salt of a wrap', wrapSalt, vaultSizes.wrapSalt);
  if (replacesItself(metadata, entry)) {
    throw new VaultError('misuse', 'A file cannot replace itself; give it an entry of its own');
  }
  const key = deriveWrap(backend, parts.wrapKey, wrapSalt, entry);
  const wrappedKey = sealOnce(backend, key, fileKey.bytes);
  const metadataKey = fileKey.derive(metadataLabel);
  const sealedMetadata = sealOnce(backend, metadataKey, encodeMetadata(metadata));
  const place = [labels.fileStanza, formatEpoch(epoch), base64nopad.encode(wrapSalt)];
  return formatAgeHeader(
    [
      { args: place, body: wrappedKey },
      { args: [labels.metadataStanza], body: sealedMetadata },
    ],
    (authenticated) => fileKey.macOf(authenticated),
  );
}

/**
 * Takes the two stanzas out of a header that holds exactly these, each spelt in its one way:
 * nothing that a server could vary is ignored.
 *
 * @param header - an age header
 * @returns the stanzas' contents
 * @throws VaultError `malformed`
 */
export function parseFileStanzas({ stanzas }: AgeHeader): FileStanzas {
  const [place, metadata] = stanzas;
  const [placeKind, epochText = '', saltText = ''] = place?.args ?? [];
  const epoch = Number(epochText);
  const isOurs =
    stanzas.length === 2 &&
    place?.args.length === 3 &&
    placeKind === labels.fileStanza &&
    place.body.length === wrappedKeySize &&
    metadata?.args.length === 1 &&
    metadata.args[0] === labels.metadataStanza &&
    metadata.body.length === sealedMetadataSize &&
    isEpoch(epoch) &&
    formatEpoch(epoch) === epochText;
  const wrapSalt = decodeSalt(saltText);
  if (!isOurs || !wrapSalt) {
    throw new VaultError(
      'malformed',
      'This is an age file, but none that belongs in a vault. Remove it, or read it with the program that wrote it',
    );
  }
  return { epoch, wrapSalt, wrappedKey: place.body, sealedMetadata: metadata.body };
}

/** What an authentic header holds. */
export interface OpenedFileHeader {
  /** The file's key; wipe it after use. */
  readonly fileKey: FileKey;
  readonly metadata: FileMetadata;
}

/**
 * Opens the stanzas of a header with the keys of the place where it was found. The MAC is verified
 * before the metadata are looked at.
 *
 * @param backend - the primitives to use
 * @param header - the header that the stanzas came from
 * @param stanzas - what {@link parseFileStanzas} gave
 * @param wrapKey - the wrap key of the file's epoch, 32 bytes
 * @param entry - the entry that the file is stored as, 12 bytes
 * @returns the file's key and metadata
 * @throws VaultError `not-this-place`, `header-altered`, `metadata-invalid`
 */
export function openFileHeader(
  backend: CryptoBackend,
  header: AgeHeader,
  { wrapSalt, wrappedKey, sealedMetadata }: FileStanzas,
  wrapKey: Uint8Array,
  entry: Uint8Array,
): OpenedFileHeader {
  const bytes = openOnce(backend, deriveWrap(backend, wrapKey, wrapSalt, entry), wrappedKey);
  if (!bytes) {
    throw new VaultError(
      'not-this-place',
      'This file was not written for the place where it is stored: the server gave another file, or damaged this one. Fetch it again; if that fails as well, send the original again',
    );
  }
  const fileKey = FileKey.take(backend, bytes);
  const encoded = fileKey.isOf(header)
    ? openOnce(backend, fileKey.derive(metadataLabel), sealedMetadata)
    : undefined;
  if (!encoded) {
    fileKey.wipe();
    throw new VaultError(
      'header-altered',
      'The header of this file was altered or damaged where it is stored. Fetch it again; if that fails as well, send the original again',
    );
  }
  const metadata = decodeMetadata(encoded);
  if (replacesItself(metadata, entry)) {
    throw new VaultError(
      'metadata-invalid',
      'Whoever wrote this file wrote that it replaces itself, which would hide it. Ask for it to be sent again',
    );
  }
  return { fileKey, metadata };
}

function isEpoch(epoch: number): boolean {
  return Number.isInteger(epoch) && epoch >= 1 && epoch <= vaultLimits.epoch;
}

function formatEpoch(epoch: number): string {
  return String(epoch).padStart(epochDigits, '0');
}

function replacesItself({ replaces }: FileMetadata, entry: Uint8Array): boolean {
  return replaces.some((id) => id.every((byte, index) => byte === entry[index]));
}

function decodeSalt(text: string): Uint8Array | undefined {
  try {
    const salt = base64nopad.decode(text);
    return salt.length === vaultSizes.wrapSalt ? salt : undefined;
  } catch {
    return undefined;
  }
}

/** The entry id in the salt ties the file to its place: under another's name it does not open. */
function deriveWrap(
  backend: CryptoBackend,
  wrapKey: Uint8Array,
  wrapSalt: Uint8Array,
  entry: Uint8Array,
): Uint8Array {
  expectLength('A wrap key', wrapKey, vaultSizes.wrapKey);
  expectLength('An entry id', entry, vaultSizes.entryId);
  return hkdf(backend, wrapKey, concatBytes(wrapSalt, entry), wrapLabel, 32);
}

const zeroNonce = new Uint8Array(12);
const noData = new Uint8Array(0);

/** Seals with a key that was derived for this one message, so that a fixed nonce repeats nothing. */
function sealOnce(backend: CryptoBackend, key: Uint8Array, message: Uint8Array): Uint8Array {
  const sealed = backend.aead('chacha20-poly1305', key).seal(zeroNonce, noData, [message]);
  wipe(key);
  return concatBytes(...sealed);
}

function openOnce(
  backend: CryptoBackend,
  key: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  try {
    return backend.aead('chacha20-poly1305', key).open(zeroNonce, noData, sealed);
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  } finally {
    wipe(key);
  }
}
