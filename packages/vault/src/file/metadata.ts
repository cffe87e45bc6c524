import { equalBytes } from '@e2eeftp/crypto';

import { VaultFileError } from './errors.js';
import { fileSizes } from './sizes.js';

/** What a vault file tells about itself, readable for members only. */
export interface FileMetadata {
  /** When the content was last changed, in whole milliseconds since 1970. */
  readonly mtime: number;
  /** POSIX permission bits, at most 0o7777. Whoever applies them decides which to honour. */
  readonly mode: number;
  /** The identity that signs the file, 32 bytes. */
  readonly sender: Uint8Array;
  /** The entries that this file takes the place of, at most four ids of 12 bytes. */
  readonly replaces: readonly Uint8Array[];
}

/** How many entries one file can replace. */
export const maximumReplaced = 4;

/** Bytes of encoded metadata. */
export const metadataSize = 8 + 4 + fileSizes.identity + maximumReplaced * fileSizes.entryId;

const replacesStart = metadataSize - maximumReplaced * fileSizes.entryId;

/** The latest time that a `Date` holds (ECMA-262, time values). */
const maximumTime = 8.64e15;
const maximumMode = 0o7777;

/**
 * @param metadata - what to write
 * @returns its encoding, 92 bytes: u64 mtime, u32 mode, sender, four entry ids with zeros where unused
 * @throws VaultFileError `misuse` when a value cannot be written
 */
export function encodeMetadata(metadata: FileMetadata): Uint8Array {
  const problem = problemOf(metadata);
  if (problem) throw new VaultFileError('misuse', `These are no metadata of a file: ${problem}`);
  const bytes = new Uint8Array(metadataSize);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(metadata.mtime));
  view.setUint32(8, metadata.mode);
  bytes.set(metadata.sender, 12);
  for (const [index, id] of metadata.replaces.entries()) {
    bytes.set(id, replacesStart + index * fileSizes.entryId);
  }
  return bytes;
}

/**
 * Reads metadata that were authenticated before. They are still those of a stranger: a member can
 * write what no honest client writes.
 *
 * @param bytes - 92 bytes
 * @returns what they say; encoding it gives the same bytes again
 * @throws VaultFileError `metadata-invalid`
 */
export function decodeMetadata(bytes: Uint8Array): FileMetadata {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const slots = Array.from({ length: maximumReplaced }, (_, index) => {
    const start = replacesStart + index * fileSizes.entryId;
    return bytes.slice(start, start + fileSizes.entryId);
  });
  const used = slots.findLastIndex((id) => !isZero(id)) + 1;
  const metadata = {
    mtime: Number(view.getBigUint64(0)),
    mode: view.getUint32(8),
    sender: bytes.slice(12, replacesStart),
    replaces: slots.slice(0, used),
  };
  const problem = problemOf(metadata);
  if (problem) {
    throw new VaultFileError(
      'metadata-invalid',
      `Whoever wrote this file wrote metadata that no file can have: ${problem}. Ask for it to be sent again`,
    );
  }
  return metadata;
}

function problemOf({ mtime, mode, sender, replaces }: FileMetadata): string | undefined {
  if (!Number.isSafeInteger(mtime) || mtime < 0 || mtime > maximumTime) {
    return 'the time is outside of what can be shown';
  }
  if (!Number.isInteger(mode) || mode < 0 || mode > maximumMode) {
    return 'the mode has more than permission bits';
  }
  if (sender.length !== fileSizes.identity) return 'the sender is no identity';
  if (replaces.length > maximumReplaced) return `it replaces more than ${maximumReplaced} entries`;
  for (const [index, id] of replaces.entries()) {
    if (id.length !== fileSizes.entryId || isZero(id)) return 'it replaces what is no entry';
    if (replaces.slice(0, index).some((earlier) => equalBytes(earlier, id))) {
      return 'it replaces one entry twice';
    }
  }
  return undefined;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
