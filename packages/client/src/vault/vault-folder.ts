import { compareNames, type RemotePath } from '@e2eeftp/protocol';
import {
  viewDirectory,
  type DamagedEntry,
  type DirectoryIds,
  type DirectoryView,
  type FileMetadata,
  type OpenedKeyring,
} from '@e2eeftp/vault';

import { OpenedNames } from './opened-names.js';
import { nameDamaged, type StoredItem, type VaultItem } from './vault-item.js';

/** A change that this client made. */
type OwnChange = { readonly put: StoredItem } | { readonly removed: string };

/**
 * One folder of a vault as it was listed last, with what this client has changed in it since. Names are
 * opened when they are asked for.
 */
export class VaultFolder {
  /** Where it is on the server. */
  readonly path: RemotePath;
  /** The ids of the folders above it, and its own. */
  readonly ids: DirectoryIds;
  #items = new Map<string, StoredItem>();
  #opened: OpenedKeyring;
  #names: OpenedNames;
  #view: DirectoryView<StoredItem> | undefined;
  #entries: Map<string, VaultItem> | undefined;
  #damaged: Map<string, DamagedEntry<StoredItem>> | undefined;
  /** What was changed here while it is being listed. */
  #changes: OwnChange[] | undefined;

  /**
   * @param path - where it is on the server
   * @param ids - the ids of the folders above it, and its own
   * @param opened - the keyring in force
   */
  constructor(path: RemotePath, ids: DirectoryIds, opened: OpenedKeyring) {
    this.path = path;
    this.ids = ids;
    this.#opened = opened;
    this.#names = new OpenedNames(opened);
  }

  /** How many things are in it. */
  get length(): number {
    return this.#items.size;
  }

  /** Its entries by their names, until something changes. */
  get entries(): ReadonlyMap<string, VaultItem> {
    return this.#shown();
  }

  /** What is damaged in it, by the names under which that is listed. */
  get damaged(): ReadonlyMap<string, DamagedEntry<StoredItem>> {
    const entries = this.#shown();
    this.#damaged ??= nameDamaged(this.#view?.damaged ?? [], (name) => entries.has(name));
    return this.#damaged;
  }

  /** The stored names of what was replaced by other entries of it: free to be removed. */
  get replaced(): string[] {
    this.#shown();
    const replaced = (this.#view?.replaced ?? []).map(({ stored }) => stored);
    return replaced.filter((stored) => this.#items.has(stored));
  }

  /** @returns the names of its entries and of what is damaged, in the order of listings */
  sortedNames(): string[] {
    return [...this.entries.keys(), ...this.damaged.keys()].sort(compareNames);
  }

  /**
   * Seals a name for it, in the epoch that is in force.
   *
   * @param id - the entry's id
   * @param name - its name
   * @returns its name on the server
   * @throws VaultError `bad-name`, `name-too-long`
   */
  seal(id: Uint8Array, name: string): string {
    return this.#names.seal(this.ids, id, name);
  }

  /**
   * Opens a name ahead, so that no listing, however long, keeps the program busy all at once.
   *
   * @param stored - a name on the server
   */
  openAhead(stored: string): void {
    this.#names.open(this.ids, stored);
  }

  /** @param opened - the keyring in force, which may be newer than before */
  use(opened: OpenedKeyring): void {
    if (this.#opened === opened) return;
    this.#opened = opened;
    this.#names = new OpenedNames(opened);
    this.#forgetView();
  }

  /** A listing begins: what is changed here from now on may be missing in it. */
  beginListing(): void {
    this.#changes = [];
  }

  /**
   * A listing has ended. What was changed here meanwhile counts more, and of heads that were read
   * nothing is forgotten: no file is ever changed in place.
   *
   * @param listed - what is there; nothing when it failed
   */
  endListing(listed: readonly StoredItem[] | undefined): void {
    const changes = this.#changes ?? [];
    this.#changes = undefined;
    if (!listed) return;
    const known = this.#items;
    const withMetadata = (item: StoredItem): StoredItem => {
      const metadata = known.get(item.stored)?.metadata;
      return metadata ? { ...item, metadata } : item;
    };
    this.#items = new Map(listed.map((item) => [item.stored, withMetadata(item)]));
    for (const change of changes) {
      if ('put' in change) this.#items.set(change.put.stored, change.put);
      else this.#items.delete(change.removed);
    }
    this.#names.keepOnly((stored) => this.#items.has(stored));
    this.#forgetView();
  }

  /**
   * Something is there that this client has put there.
   *
   * @param item - what
   * @param entry - its id and its name
   */
  put(item: StoredItem, { id, name }: { readonly id: Uint8Array; readonly name: string }): void {
    this.#changes?.push({ put: item });
    this.#items.set(item.stored, item);
    const other = this.#entries?.get(name);
    const isPlain = !other || isReplaced(other, item);
    // Thousands of files may come into one folder one after the other: each must not cost a view.
    if (!this.#entries || !isPlain || this.#damaged?.has(name)) {
      this.#forgetView();
      return;
    }
    const { epoch } = this.#opened.keyring;
    this.#entries.set(name, { name, sealedName: name, id, epoch, isConflict: false, stored: item });
  }

  /**
   * Something is not there any more, since this client has taken it away.
   *
   * @param stored - its name on the server
   */
  remove(stored: string): void {
    this.#changes?.push({ removed: stored });
    this.#items.delete(stored);
    const opened = this.#names.open(this.ids, stored);
    const shown = opened.state === 'opened' ? this.#entries?.get(opened.name) : undefined;
    if (!shown || shown.isConflict) this.#forgetView();
    else if (shown.stored.stored === stored) this.#entries?.delete(shown.name);
    // Otherwise it was replaced by what is shown, and was not shown itself.
  }

  /** @param heads - what heads of files say that were read, by their names on the server */
  learn(heads: ReadonlyMap<string, FileMetadata>): void {
    for (const [stored, metadata] of heads) {
      const item = this.#items.get(stored);
      if (item) this.#items.set(stored, { ...item, metadata });
    }
    if (heads.size > 0) this.#forgetView();
  }

  #shown(): Map<string, VaultItem> {
    if (!this.#entries) {
      this.#view = viewDirectory(this.#names, this.ids, [...this.#items.values()]);
      this.#entries = new Map(this.#view.entries);
    }
    return this.#entries;
  }

  #forgetView(): void {
    this.#view = undefined;
    this.#entries = undefined;
    this.#damaged = undefined;
  }
}

/** Whether an entry takes the place of another one, and of nothing else that has its name. */
function isReplaced(other: VaultItem, { metadata }: StoredItem): boolean {
  const id = other.id.join();
  return !other.isConflict && (metadata?.replaces ?? []).some((one) => one.join() === id);
}
