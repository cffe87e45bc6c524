import { VaultNames, type DirectoryIds, type OpenedName } from '@e2eeftp/vault';

/**
 * The names of one folder, each of them opened once: a folder is listed again and again, and hardly any
 * of its names are new then.
 */
export class OpenedNames extends VaultNames {
  readonly #known = new Map<string, OpenedName>();

  /**
   * @param folder - where the server shows the name
   * @param stored - the name
   * @returns the entry, or why there is none
   */
  override open(folder: DirectoryIds, stored: string): OpenedName {
    const known = this.#known.get(stored);
    if (known) return known;
    const opened = super.open(folder, stored);
    this.#known.set(stored, opened);
    return opened;
  }

  /**
   * Forgets names that are not there any more.
   *
   * @param isThere - whether a stored name still is
   */
  keepOnly(isThere: (stored: string) => boolean): void {
    for (const stored of this.#known.keys()) if (!isThere(stored)) this.#known.delete(stored);
  }
}
