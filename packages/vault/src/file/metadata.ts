import { equalBytes } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import { vaultLimits, vaultSizes } from '../limits.js';

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

const senderStart = 12;
const replacesStart = senderStart + vaultSizes.identity;

/**
 * @param metadata - what to write
 * @returns its encoding, 92 bytes: u64 mtime, u32 mode, sender, four entry ids with zeros where unused
 * @throws VaultError `misuse` when a value cannot be written
 */
export function encodeMetadata(metadata: FileMetadata): Uint8Array {
  const problem = problemOf(metadata);
  if (problem) throw new VaultError('misuse', `These are no metadata of a file: ${problem}`);
  const bytes = new Uint8Array(vaultSizes.metadata);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(metadata.mtime));
  view.setUint32(8, metadata.mode);
  bytes.set(metadata.sender, senderStart);
  for (const [index, id] of metadata.replaces.entries()) {
    bytes.set(id, replacesStart + index * vaultSizes.entryId);
  }
  return bytes;
}

/**
 * Reads metadata that were authenticated before. They are still those of a stranger: a member can
 * write what no honest client writes.
 *
 * @param bytes - 92 bytes
 * @returns what they say; encoding it gives the same bytes again
 * @throws VaultError `metadata-invalid`
 */
export function decodeMetadata(bytes: Uint8Array): FileMetadata {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const slots = Array.from({ length: vaultLimits.replaced }, (_, index) => {
    const start = replacesStart + index * vaultSizes.entryId;
    return bytes.slice(start, start + vaultSizes.entryId);
  });
  const used = slots.findLastIndex((id) => !isZero(id)) + 1;
  const metadata = {
    mtime: Number(view.getBigUint64(0)),
    mode: view.getUint32(8),
    sender: bytes.slice(senderStart, replacesStart),
    replaces: slots.slice(0, used),
  };
  const problem = problemOf(metadata);
  if (problem) {
    throw new VaultError(
      'metadata-invalid',
      `Whoever wrote this file wrote metadata that no file can have: ${problem}. Ask for it to be sent again`,
    );
  }
  return metadata;
}

function problemOf({ mtime, mode, sender, replaces }: FileMetadata): string | undefined {
  if (!Number.isSafeInteger(mtime) || mtime < 0 || mtime > vaultLimits.mtime) {
    return 'the time is outside of what can be shown';
  }
  if (!Number.isInteger(mode) || mode < 0 || mode > vaultLimits.mode) {
    return 'the mode has more than permission bits';
  }
  if (sender.length !== vaultSizes.identity) return 'the sender is no identity';
  if (replaces.length > vaultLimits.replaced)
    return `it replaces more than ${vaultLimits.replaced} entries`;
  for (const [index, id] of replaces.entries()) {
    if (id.length !== vaultSizes.entryId || isZero(id)) return 'it replaces what is no entry';
    if (replaces.slice(0, index).some((earlier) => equalBytes(earlier, id))) {
      return 'it replaces one entry twice';
    }
  }
  return undefined;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
