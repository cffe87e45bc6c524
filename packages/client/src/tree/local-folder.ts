import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { RemotePath } from '@e2eeftp/protocol';

import { ClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';

/** What Windows gives another meaning than that of a name: streams, wildcards, devices. */
const notOnWindows = /[<>:"|?*]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/iu;

/**
 * A local folder that a server may fill, and never leave.
 *
 * The server chooses the names below it. They obey the path rules, which allow neither `..` nor a
 * backslash, and no symbolic link below the folder is followed: one that is there, left by whoever
 * or whatever, would otherwise lead a server's file to any place.
 */
export class LocalFolder {
  readonly #path: string;
  /** The one that was wanted last: the next file is most often in it, too. */
  #last: { readonly relative: RemotePath; readonly made: Promise<void> } | undefined;

  /** @param path - the folder; a symbolic link is followed here, and nowhere below */
  constructor(path: string) {
    this.#path = path;
  }

  /** Makes the folder, and those above it. */
  async create(): Promise<void> {
    await mkdir(this.#path, { recursive: true });
  }

  /**
   * @param relative - a path below the folder, checked against the path rules
   * @returns where that is in the local file system
   * @throws ClientError `not-e2eeftp` for the folder itself, which is not below it, and `bad-name`
   *   for a name that this system understands otherwise
   */
  locate(relative: RemotePath): string {
    if (relative === '') {
      throw new ClientError('not-e2eeftp', 'The server listed a folder as its own content');
    }
    const components = relative.split('/');
    if (process.platform === 'win32' && components.some((name) => notOnWindows.test(name))) {
      throw new ClientError('bad-name', `Windows cannot store a file under the name ${relative}`);
    }
    return join(this.#path, ...components);
  }

  /**
   * Makes a folder below this one, with those between.
   *
   * @param relative - its path, checked against the path rules
   * @throws ClientError `local-file` when something else than a folder is in the way
   */
  async makeFolder(relative: RemotePath): Promise<void> {
    if (relative === '') return;
    if (this.#last?.relative === relative) return this.#last.made;
    const last = { relative, made: this.#make(relative) };
    this.#last = last;
    try {
      await last.made;
    } catch (error) {
      // Whatever is in the way may be gone when the next file comes.
      if (this.#last === last) this.#last = undefined;
      throw error;
    }
  }

  async #make(relative: RemotePath): Promise<void> {
    let path = this.#path;
    for (const component of relative.split('/')) {
      path = join(path, component);
      if (await isFolder(path)) continue;
      try {
        await mkdir(path);
      } catch (error) {
        // Another file's task may have made it meanwhile; whatever it is now is looked at again.
        if (!isSystemError(error, 'EEXIST')) throw error;
        await isFolder(path);
      }
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    const stats = await lstat(path);
    if (stats.isDirectory()) return true;
    const what = stats.isSymbolicLink() ? 'a symbolic link, which is not followed' : 'no folder';
    throw new ClientError('local-file', `${path} is in the way: it is ${what}`);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
