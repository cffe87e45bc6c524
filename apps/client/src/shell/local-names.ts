import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Name, Names } from './names.js';
import { expandHome } from './home-folder.js';

/** What is in local folders. */
export const localNames: Names = {
  async *in(folder, signal): AsyncGenerator<Name, void, void> {
    const path = folder === '' ? '.' : expandHome(folder);
    for await (const entry of await opendir(path)) {
      if (signal.aborted) return;
      const isLink = entry.isSymbolicLink();
      const isFolder = isLink ? await isLinkToFolder(join(path, entry.name)) : entry.isDirectory();
      yield { name: entry.name, isFolder };
    }
  },
};

async function isLinkToFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
