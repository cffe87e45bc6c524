import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { joinPath, type RemotePath } from '@e2eeftp/protocol';

import { asClientError, ClientError } from '../errors.js';
import type { SkipReason } from './tree-transfer.js';

/** Something that was found, and where it belongs on the server. */
export type LocalEntry =
  | { readonly type: 'file' | 'directory'; readonly local: string; readonly remote: RemotePath }
  | {
      readonly type: 'skipped';
      readonly local: string;
      readonly remote: string;
      readonly reason: SkipReason;
    }
  | {
      readonly type: 'failed';
      readonly local: string;
      readonly remote: string;
      readonly error: ClientError;
    };

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Walks through a local file or folder. Of folders, only those without files and folders are
 * given: the others come about on the server with what is in them.
 *
 * @param local - where to begin; here, and only here, a symbolic link is followed
 * @param remote - where it belongs on the server
 * @returns what there is, each folder's content in the order of the names
 */
export async function* localEntries(
  local: string,
  remote: RemotePath,
): AsyncGenerator<LocalEntry, void, void> {
  try {
    const stats = await stat(local);
    if (stats.isDirectory()) yield* folderEntries(local, remote);
    else if (stats.isFile()) yield { type: 'file', local, remote };
    else yield { type: 'skipped', local, remote, reason: 'special-file' };
  } catch (error) {
    yield { type: 'failed', local, remote, error: asClientError(error) };
  }
}

async function* folderEntries(
  local: string,
  remote: RemotePath,
): AsyncGenerator<LocalEntry, void, void> {
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(local, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    yield { type: 'failed', local, remote, error: asClientError(error) };
    return;
  }
  entries.sort((a, b) => Buffer.compare(a.name, b.name));
  let isLeaf = true;
  for (const entry of entries) {
    for await (const found of childEntries(local, remote, entry)) {
      if (found.type === 'file' || found.type === 'directory') isLeaf = false;
      yield found;
    }
  }
  if (isLeaf) yield { type: 'directory', local, remote };
}

async function* childEntries(
  folder: string,
  remoteFolder: RemotePath,
  entry: Dirent<Buffer>,
): AsyncGenerator<LocalEntry, void, void> {
  const shown = entry.name.toString();
  const place = { local: join(folder, shown), remote: `${remoteFolder}/${shown}` };
  if (!entry.isFile() && !entry.isDirectory()) {
    const reason = entry.isSymbolicLink() ? 'symbolic-link' : 'special-file';
    yield { type: 'skipped', ...place, reason };
    return;
  }
  let remote: RemotePath;
  try {
    remote = joinPath(remoteFolder, strictUtf8.decode(entry.name));
  } catch (error) {
    yield { type: 'failed', ...place, error: badName(place.local, error) };
    return;
  }
  if (entry.isDirectory()) yield* folderEntries(place.local, remote);
  else yield { type: 'file', local: place.local, remote };
}

function badName(local: string, cause: unknown): ClientError {
  const reason =
    cause instanceof TypeError ? 'The name is not valid UTF-8' : asClientError(cause).message;
  return new ClientError('bad-name', `${local} cannot be sent: ${reason}; give it another name`, {
    cause,
  });
}
