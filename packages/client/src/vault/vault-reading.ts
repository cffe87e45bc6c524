import {
  FileHeadReader,
  FileOpener,
  RangeOpener,
  type FileHead,
  type FileMetadata,
} from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { ContentRoot } from './content-root.js';
import type { FilePlace } from './file-place.js';
import { openingOf, type OpenVault } from './open-vault.js';

/** What a file is read with. */
export interface Reading {
  readonly client: Pick<Client, 'read' | 'getBytes'>;
  readonly vault: Pick<OpenVault, 'opened'>;
  readonly signal: AbortSignal;
}

/** The beginning of a file that is there already. */
export interface KnownBeginning {
  readonly head: FileHead;
  /** The digests of its leaves, taken from the bytes that are there. */
  readonly leaves: readonly Uint8Array[];
}

/**
 * Reads a whole file, or what is missing of it. What it gives comes from a member; that the sender
 * wrote all of it is certain only when the loop has ended without an error.
 *
 * @param reading - what to read with
 * @param place - where the file is
 * @param known - what of it is there already
 * @yields verified content, each part in memory of its own
 * @returns what the sender says of the file
 * @throws VaultError for whatever is not as the sender left it; ClientError
 */
export async function* readWhole(
  { client, vault, signal }: Reading,
  { path, entry, storedSize }: FilePlace,
  known?: KnownBeginning,
): AsyncGenerator<readonly Uint8Array[], FileMetadata, void> {
  const reader = new FileHeadReader(openingOf(vault), { entry, storedSize });
  let opener = known && new FileOpener(known.head, known.leaves, false);
  const root = new ContentRoot(known?.leaves);
  const offset = opener?.storedOffset ?? 0;
  for await (const bytes of client.read(path, { offset, signal })) {
    const used = opener ? 0 : reader.receive(bytes);
    if (!opener && reader.head) opener = new FileOpener(reader.head, [], false);
    const parts = opener ? [...opener.receive(bytes.subarray(used))] : [];
    if (parts.length === 0) continue;
    await root.add(parts);
    yield parts;
  }
  const head = known?.head ?? reader.finish();
  (opener ?? new FileOpener(head, [], false)).finish(await root.root());
  return head.metadata;
}

/**
 * Reads a part of a file, from the chunks that hold it. Who has sent it is not certain.
 *
 * @param reading - what to read with
 * @param path - where the file is on the server
 * @param head - the file's head
 * @param range - which part
 * @yields verified content
 * @throws VaultError for a chunk that is not what a member wrote there; ClientError
 */
export async function* readPart(
  { client, signal }: Reading,
  path: string,
  head: FileHead,
  { offset, length }: { readonly offset: number; readonly length: number },
): AsyncGenerator<readonly Uint8Array[], void, void> {
  const opener = new RangeOpener(head, offset, length);
  const { storedOffset, storedLength } = opener;
  if (storedLength > 0) {
    const range = { offset: storedOffset, length: storedLength, signal };
    for await (const bytes of client.read(path, range)) {
      const parts = [...opener.receive(bytes)].filter((part) => part.length > 0);
      if (parts.length > 0) yield parts;
    }
  }
  opener.finish();
}
