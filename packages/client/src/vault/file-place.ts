import { joinPath, type RemotePath } from '@e2eeftp/protocol';
import { FileHeadReader, vaultSizes, type FileHead } from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { openingOf, type OpenVault } from './open-vault.js';
import type { VaultFolder } from './vault-folder.js';
import type { VaultItem } from './vault-item.js';

/** Where a file is on the server. */
export interface FilePlace {
  readonly path: RemotePath;
  /** The entry's id, 12 bytes. */
  readonly entry: Uint8Array;
  /** Bytes on the server, as it said. */
  readonly storedSize: number;
}

/** Bytes of a header and the nonce behind it. */
export const headSize = vaultSizes.fileHeader + 16;

/**
 * @param folder - a folder of a vault
 * @param item - a file in it
 * @returns where the file is
 */
export function placeOf(folder: VaultFolder, { id, stored }: VaultItem): FilePlace {
  const { storedSize } = stored;
  return { path: joinPath(folder.path, stored.stored), entry: id, storedSize };
}

/**
 * Reads the head of a file, and nothing else of it.
 *
 * @param client - asks the server
 * @param vault - the vault
 * @param place - where the file is
 * @param signal - ends the wait
 * @returns the head, as authentic as the format says
 * @throws VaultError when it is no head of a file at that place; ClientError
 */
export async function readHead(
  client: Pick<Client, 'getBytes'>,
  vault: Pick<OpenVault, 'opened'>,
  { path, entry, storedSize }: FilePlace,
  signal: AbortSignal | undefined,
): Promise<FileHead> {
  const reader = new FileHeadReader(openingOf(vault), { entry, storedSize });
  const length = Math.min(headSize, storedSize);
  reader.receive(await client.getBytes(path, { length, maxSize: headSize, signal }));
  return reader.finish();
}
