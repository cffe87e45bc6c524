import type { Entry } from '@e2eeftp/protocol';
import type { DamagedEntry, FileMetadata, ListedEntry } from '@e2eeftp/vault';

/** An entry of a vault's folder as the server lists it, and what is known of it besides. */
export interface StoredItem {
  /** Its name on the server. */
  readonly stored: string;
  readonly type: Entry['type'];
  /** Bytes on the server. */
  readonly storedSize: number;
  /** The time on the server, milliseconds since 1970. */
  readonly mtime: number;
  /** The server's. */
  readonly etag: string;
  /** Of a file whose head was read, or that was sent from here. */
  readonly metadata?: FileMetadata;
}

/** An entry of a vault's folder, with its name. */
export type VaultItem = ListedEntry<StoredItem>;

/** Characters of a stored name that are shown of what is damaged. */
const shownLength = 200;

/**
 * Gives what shows no entry a name that no entry has, so that it can be listed and removed.
 *
 * @param damaged - what shows no entry
 * @param isTaken - whether an entry has a name
 * @returns it by those names
 */
export function nameDamaged(
  damaged: readonly DamagedEntry<StoredItem>[],
  isTaken: (name: string) => boolean,
): Map<string, DamagedEntry<StoredItem>> {
  const named = new Map<string, DamagedEntry<StoredItem>>();
  for (const entry of damaged) {
    const shown = entry.stored.stored.slice(0, shownLength);
    let name = `${shown} (damaged)`;
    for (let count = 2; isTaken(name) || named.has(name); count++) {
      name = `${shown} (damaged, ${count})`;
    }
    named.set(name, entry);
  }
  return named;
}

/**
 * @param id - an entry's id
 * @returns what names the version of a file: each has an id of its own, and keeps it when it is renamed
 */
export function etagOf({ id }: Pick<VaultItem, 'id'>): string {
  return Buffer.from(id).toString('base64url');
}
