import { opendir } from 'node:fs/promises';

import type { SmallFiles } from '@e2eeftp/file-io';

import { entryFacts, type EntryFacts } from './file-entry.js';
import type { Folder } from './folder.js';
import type { FolderNames } from './folder-names.js';
import type { ListedFolder } from './listing.js';
import { asStoreError, systemCodeOf, unlessMissing } from './system-errors.js';

/** What listings work with. */
export interface ListingTools {
  readonly names: FolderNames;
  readonly smallFiles: SmallFiles;
}

/**
 * Shows a folder of the disk to a listing.
 *
 * @param folder - the folder, which goes over to the listing
 * @param tools - what reads the names of folders, and what looks at what has them
 * @param only - the names to show, in their order; by default all
 * @returns the folder as listings see it
 */
export function listedFolder(
  folder: Folder,
  tools: ListingTools,
  only?: readonly string[],
): ListedFolder {
  const { names, smallFiles } = tools;
  return {
    names: async () => only ?? (await unlessMissing(names.of(folder))) ?? [],
    facts: async (some) => (await unlessMissing(readAllFacts(folder, some, smallFiles))) ?? [],
    async openFolder(name) {
      const inner = await unlessMissing(folder.openFolder(name));
      return inner && listedFolder(inner, tools);
    },
    close() {
      folder.close();
    },
  };
}

/** Entries that are read from the disk at once: a call for each would take four times as long. */
const countedAtOnce = 1024;

/**
 * Counts what is in a folder, whether it is listed or not.
 *
 * @param folder - the folder, which is closed
 * @param atMost - where counting may end
 * @returns how many entries there are, or a number above `atMost`
 */
export async function countEntries(folder: Folder, atMost: number): Promise<number> {
  try {
    let count = 0;
    for await (const entry of await opendir(folder.base, { bufferSize: countedAtOnce })) {
      if (entry.name !== '') count += 1;
      if (count > atMost) break;
    }
    return count;
  } catch (error) {
    throw asStoreError('Cannot count what is in a folder', error);
  } finally {
    folder.close();
  }
}

async function readAllFacts(
  folder: Folder,
  names: readonly string[],
  smallFiles: SmallFiles,
): Promise<(EntryFacts | undefined)[]> {
  const found = await smallFiles.look(folder.base, names);
  await folder.verify();
  return found.map((stats) => {
    if (!(stats instanceof Error)) return entryFacts(stats);
    if (systemCodeOf(stats) === 'ENOENT') return undefined;
    throw asStoreError('Cannot look at a file', stats);
  });
}
