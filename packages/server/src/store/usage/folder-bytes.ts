import { lstat, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';

import type { Folder } from '../folder.js';
import { asStoreError, systemCodeOf, unlessMissing } from '../system-errors.js';

/** Files that are looked at together. */
const batchSize = 256;

/** What the server may not read, no client of it has put there. */
const closed = new Set(['EACCES', 'EPERM']);

/**
 * Counts what is in a folder and below, while others may change it.
 *
 * @param opening - the folder, being opened
 * @param signal - ends the count early
 * @returns bytes of all files that could be looked at; 0 when there is no folder
 * @throws StoreError, or the signal's reason
 */
export async function bytesOfFolder(
  opening: Promise<Folder>,
  signal?: AbortSignal,
): Promise<number> {
  const folder = await unlessMissing(opening);
  try {
    return folder ? await bytesBelow(folder, signal) : 0;
  } finally {
    folder?.close();
  }
}

async function bytesBelow(folder: Folder, signal?: AbortSignal): Promise<number> {
  const names = await namesIn(folder);
  let bytes = 0;
  for (let start = 0; start < names.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = names.slice(start, start + batchSize);
    const looks = await Promise.all(batch.map((name) => lookAt(folder.atBytes(name))));
    for (const [index, stats] of looks.entries()) {
      if (stats?.isFile()) bytes += stats.size;
      if (stats?.isDirectory()) bytes += await bytesIn(folder, batch[index] as Buffer, signal);
    }
  }
  return bytes;
}

async function namesIn(folder: Folder): Promise<Buffer[]> {
  try {
    return await readdir(folder.base, { encoding: 'buffer' });
  } catch (error) {
    if (closed.has(systemCodeOf(error))) return [];
    throw asStoreError('Cannot count a folder', error);
  }
}

async function bytesIn(folder: Folder, name: Buffer, signal?: AbortSignal): Promise<number> {
  try {
    return await bytesOfFolder(folder.openFolder(name), signal);
  } catch (error) {
    if (error instanceof Error && closed.has(systemCodeOf(error.cause))) return 0;
    throw error;
  }
}

/** With callbacks, which cost half of what promises do. */
function lookAt(path: Buffer): Promise<Stats | undefined> {
  return new Promise((resolve) => {
    lstat(path, (error: NodeJS.ErrnoException | null, stats: Stats) => {
      resolve(error ? undefined : stats);
    });
  });
}
