import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { readChunks } from '@e2eeftp/file-io';
import { SignatureOpener } from '@e2eeftp/vault';

import { rethrowAsLocal, throwIfAborted } from '../errors.js';
import { ContentRoot } from './content-root.js';
import type { FoundFile } from './file-finder.js';
import { readHead } from './file-place.js';
import type { Reading } from './vault-reading.js';

/**
 * Compares a local file with one of a vault by what the sender of that one has signed: no content moves
 * but the file's end.
 *
 * @param reading - what to read with
 * @param found - the file of the vault
 * @param local - the path of the local one
 * @returns whether both have the same bytes; no when the local one changes meanwhile, or the signature
 *   is not right
 * @throws VaultError for what is damaged of the file's head and end; ClientError
 */
export async function hasSignedContent(
  reading: Reading,
  { place, size }: FoundFile,
  local: string,
): Promise<boolean> {
  const root = await rootOf(local, size, reading.signal).catch(rethrowAsLocal);
  if (!root) return false;
  const { client, vault, signal } = reading;
  const end = new SignatureOpener(await readHead(client, vault, place, signal));
  for await (const bytes of client.read(place.path, { offset: end.storedOffset, signal })) {
    end.receive(bytes);
  }
  return end.isOf(root);
}

/** Nothing when it has another size. */
async function rootOf(
  path: string,
  size: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if ((await file.stat()).size !== size) return undefined;
    const root = new ContentRoot();
    let read = 0;
    for await (const chunk of readChunks(file, 0, size)) {
      throwIfAborted(signal);
      await root.add([chunk]);
      read += chunk.length;
    }
    return read === size ? await root.root() : undefined;
  } finally {
    await file.close();
  }
}
