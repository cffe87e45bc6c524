import type { RemotePath } from '@e2eeftp/protocol';
import { contentFileSize, VaultError } from '@e2eeftp/vault';

import { ClientError } from '../errors.js';
import { placeOf, type FilePlace } from './file-place.js';
import { mayBeOutdated, type OpenVault } from './open-vault.js';
import { etagOf, type VaultItem } from './vault-item.js';
import type { VaultPlaces } from './vault-places.js';

/** A file that was found in a vault. */
export interface FoundFile {
  readonly item: VaultItem;
  readonly place: FilePlace;
  /** Which version of it that is. */
  readonly etag: string;
  /** Bytes of content, as they follow from what the server says. */
  readonly size: number;
}

/** Times that a file is found anew, as it was replaced, or the members changed, while it was read. */
const patience = 3;

/** Finds files to read them: what was listed may be replaced by the time at which it is asked for. */
export class FileFinder {
  readonly #vault: OpenVault;
  readonly #places: VaultPlaces;

  /**
   * @param vault - the vault
   * @param places - leads to what is in it
   */
  constructor(vault: OpenVault, places: VaultPlaces) {
    this.#vault = vault;
    this.#places = places;
  }

  /**
   * @param path - a path in the vault
   * @param signal - ends the search
   * @param since - see {@link LookOptions.since}
   * @returns the file there
   * @throws ClientError `not-found`, also for a folder; VaultError for what is damaged
   */
  async find(path: RemotePath, signal: AbortSignal, since?: number): Promise<FoundFile> {
    const found = await this.#places.find(path, { signal, since });
    if (found.kind === 'damaged') throw damagedError(found.damaged.reason);
    if (found.kind === 'root' || found.item.stored.type === 'directory') {
      throw new ClientError('not-found', `${path} is a folder, and a file was expected`);
    }
    const { item } = found;
    const place = placeOf(found.folder, item);
    return { item, place, etag: etagOf(item), size: contentFileSize(place.storedSize) };
  }

  /**
   * Reads a file, and does so again when it turns out to be another one by then.
   *
   * @param path - a path in the vault
   * @param signal - ends it
   * @param read - reads the file; it may be called again as long as it fails
   * @returns what `read` returns
   * @throws what `read` throws
   */
  async reading<Result>(
    path: RemotePath,
    signal: AbortSignal,
    read: (file: FoundFile) => Promise<Result>,
  ): Promise<Result> {
    let since: number | undefined;
    for (let attempt = 1; ; attempt++) {
      const { sequence } = this.#vault.opened.keyring;
      const found = await this.find(path, signal, since);
      try {
        return await read(found);
      } catch (error) {
        if (attempt === patience) throw error;
        since = performance.now();
        if (mayBeOutdated(error)) {
          if (await this.#vault.refresh({ than: sequence, signal })) continue;
          throw error;
        }
        if (!isMissing(error)) throw error;
        const { etag } = await this.find(path, signal, since);
        if (etag === found.etag) throw error;
      }
    }
  }
}

/**
 * @param reason - why a stored name shows no entry
 * @returns the same as an error
 */
export function damagedError(reason: string): VaultError {
  const code = reason === 'unknown-epoch' || reason === 'too-old' ? reason : 'not-this-place';
  return new VaultError(
    code,
    `The name of this entry is damaged (${reason}), so nobody can tell what it is; remove it, and send the original again`,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'not-found';
}
