import { equalBytes, Identity, type CryptoBackend } from '@e2eeftp/crypto';

import {
  beginSealing,
  FileHeadReader,
  FileOpener,
  storedFileSize,
  type FileHead,
  type FileSealer,
  type FileToSeal,
  type SealingAccess,
  type SourceState,
  type OpeningAccess,
} from '../../src/index.js';
import { joined } from './bytes.js';

export const chunk = 65_536;
export const sealedChunk = chunk + 16;
export const leaf = 1_048_576;

export const vault = new Uint8Array(16).fill(0xaa);
export const entry: Uint8Array = new Uint8Array(12).fill(0xe1);
export const otherEntry = new Uint8Array(12).fill(0xe2);
export const writerSeed = new Uint8Array(32).fill(0x11);
export const readerSeed = new Uint8Array(32).fill(0x22);

export function wrapKeyOf(epoch: number): Uint8Array {
  return new Uint8Array(32).fill(epoch);
}

export function fixedSealingAccess(
  backend: CryptoBackend,
  changes: Partial<SealingAccess> = {},
): SealingAccess {
  const epoch = changes.epoch ?? 1;
  const sender = new Identity(writerSeed, backend);
  return { backend, vault, epoch, wrapKey: wrapKeyOf, sender, ...changes };
}

/** A vault of which epochs 1 to 3 are known, in all of which the writer, and he alone, may write. */
export function fixedOpeningAccess(
  backend: CryptoBackend,
  changes: Partial<OpeningAccess> = {},
): OpeningAccess {
  const writer = new Identity(writerSeed, backend).publicKey;
  return {
    backend,
    vault,
    oldest: 1,
    wrapKey: (epoch) => (epoch <= 3 ? wrapKeyOf(epoch) : undefined),
    isWriter: (identity) => equalBytes(identity, writer),
    ...changes,
  };
}

export const state: SourceState = {
  source: new Uint8Array([1, 2, 3]),
  boot: new Uint8Array([4, 5]),
};

export const fileToSeal: FileToSeal = {
  entry,
  metadata: { mtime: 1_790_000_000_000, mode: 0o640, replaces: [] },
};

/** Everything that a sealer gives from its start for the content that it has not got yet. */
export function sealRest(sealer: FileSealer, pieces: readonly Uint8Array[]): Uint8Array {
  const parts = [...sealer.start().bytes];
  for (const piece of pieces) parts.push(...sealer.update(piece).bytes);
  parts.push(...sealer.finish().bytes);
  return joined(parts);
}

export function seal(
  backend: CryptoBackend,
  content: Uint8Array,
  access: Partial<SealingAccess> = {},
  file: Partial<FileToSeal> = {},
): Uint8Array {
  const sealer = beginSealing(fixedSealingAccess(backend, access), { ...fileToSeal, ...file });
  return sealRest(sealer, [content]);
}

/** What came of opening a file: the content that was given out, and how it ended. */
export interface Opened {
  readonly head: FileHead;
  readonly content: Uint8Array;
}

/** Reads a whole file in the given pieces; `given` sees every piece of content as it comes. */
export function open(
  access: OpeningAccess,
  pieces: readonly Uint8Array[],
  place: Uint8Array = entry,
  given: (content: Uint8Array) => void = () => undefined,
): Opened {
  const storedSize = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const reader = new FileHeadReader(access, { entry: place, storedSize });
  const parts: Uint8Array[] = [];
  let opener: FileOpener | undefined;
  for (const piece of pieces) {
    const rest = piece.subarray(reader.receive(piece));
    if (!reader.head) continue;
    opener ??= new FileOpener(reader.head);
    for (const content of opener.receive(rest)) {
      given(content);
      parts.push(content);
    }
  }
  const head = reader.finish();
  (opener ?? new FileOpener(head)).finish();
  return { head, content: joined(parts) };
}

/** Where a file's first chunk begins. */
export function payloadStart(stored: Uint8Array, contentLength: number): number {
  const sealed = storedFileSize(contentLength) - stored.length;
  if (sealed !== 0) throw new Error('not a whole file');
  return storedFileSize(0) - 64 - 16;
}
