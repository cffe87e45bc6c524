import { stat } from 'node:fs/promises';

import type { RemotePath } from '@e2eeftp/protocol';

import { asClientError } from '../errors.js';
import {
  detailsOf,
  walkLocal,
  type FoundFolder,
  type LocalItem,
  type WalkOptions,
} from './local-walk.js';

/**
 * Finds what is to be sent of a local file or folder. Of folders, only those without files and
 * folders are given: the others come about on the server with what is in them.
 *
 * @param local - where to begin; here, a symbolic link is followed, and no pattern asked
 * @param remote - where it belongs on the server
 * @param options - what is meant, and how to look at it
 * @yields what there is, several at once, each folder's content in the order of the names
 */
export async function* localEntries(
  local: string,
  remote: RemotePath,
  options: WalkOptions,
): AsyncGenerator<LocalItem[], void, void> {
  const place = { path: '', local, remote };
  try {
    const stats = await stat(local, { bigint: true });
    if (stats.isDirectory()) {
      yield* withoutInnerFolders(
        { type: 'directory', ...place },
        walkLocal(local, remote, options),
      );
    } else if (stats.isFile()) {
      yield [{ type: 'file', ...place, details: detailsOf(stats) }];
    } else {
      yield [{ type: 'skipped', ...place, reason: 'special-file' }];
    }
  } catch (error) {
    yield [{ type: 'failed', ...place, error: asClientError(error) }];
  }
}

async function* withoutInnerFolders(
  root: FoundFolder,
  pieces: AsyncIterable<readonly LocalItem[]>,
): AsyncGenerator<LocalItem[], void, void> {
  let pending: FoundFolder | undefined = root;
  for await (const items of pieces) {
    const kept: LocalItem[] = [];
    for (const item of items) {
      const isOther = item.type === 'file' || item.type === 'directory';
      const isUnreadable = item.type === 'failed' && item.path === pending?.path;
      if (pending && isOther && !isBelow(item.path, pending.path)) kept.push(pending);
      if (isOther || isUnreadable) pending = undefined;
      if (item.type === 'directory') pending = item;
      else kept.push(item);
    }
    yield kept;
  }
  if (pending) yield [pending];
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}
