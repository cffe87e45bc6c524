import { compareBytes } from '../encoding/order.js';
import type { FileMetadata } from '../file/metadata.js';
import { nameOf } from '../keyring/membership.js';
import { keyringFolderName } from '../vault/paths.js';
import { conflictNames, type ConflictFacts } from './conflict-name.js';
import type { DirectoryIds } from './entry-id.js';
import type { NameDamage, VaultNames } from './vault-names.js';

/** An entry of a folder as the server lists it, and what the caller knows about it. */
export interface StoredEntry {
  /** Its name on the server. */
  readonly stored: string;
  /** Of files whose head was read: `FileHead.metadata`. */
  readonly metadata?: Pick<FileMetadata, 'mtime' | 'sender' | 'replaces'>;
}

/** An entry of a folder as its members see it. */
export interface ListedEntry<Stored extends StoredEntry> {
  /** The name in this folder, which no other entry of it has. */
  readonly name: string;
  /** The name that was sealed; another than `name` for the later ones of a conflict. */
  readonly sealedName: string;
  /** The entry's id, 12 bytes. */
  readonly id: Uint8Array;
  /** The epoch that the name was sealed in. */
  readonly epoch: number;
  /** Whether several unrelated entries have the sealed name. */
  readonly isConflict: boolean;
  /** What the caller gave. */
  readonly stored: Stored;
}

/** What is in a folder. */
export interface DirectoryView<Stored extends StoredEntry> {
  /** By name. */
  readonly entries: ReadonlyMap<string, ListedEntry<Stored>>;
  /** Entries that were replaced by others of the folder: never to be shown, and free to be deleted. */
  readonly replaced: readonly Stored[];
  /** What is no entry: to be listed with its stored name, and never to be written to. */
  readonly damaged: readonly DamagedEntry<Stored>[];
}

/** A stored name that shows no entry. */
export interface DamagedEntry<Stored extends StoredEntry> {
  readonly stored: Stored;
  /** `duplicate-id`: two stored names claim to be one entry, and only one can be in force. */
  readonly reason: NameDamage | 'duplicate-id';
}

type Opened<Stored extends StoredEntry> = Omit<ListedEntry<Stored>, 'name' | 'isConflict'>;

/**
 * Shows a folder as its members see it.
 *
 * A caller that knows no metadata yet finds the entries for which it matters by `isConflict`: it
 * reads theirs, and asks again.
 *
 * @param names - the vault's names
 * @param directory - which folder
 * @param listed - what the server lists there; the folder of keyrings is left out
 * @returns the entries by name
 */
export function viewDirectory<Stored extends StoredEntry>(
  names: VaultNames,
  directory: DirectoryIds,
  listed: readonly Stored[],
): DirectoryView<Stored> {
  const { opened, damaged } = openAll(names, directory, listed);
  const replacedIds = new Set(
    opened.flatMap(({ id, stored }) =>
      (stored.metadata?.replaces ?? []).map(keyOf).filter((replaced) => replaced !== keyOf(id)),
    ),
  );
  const isReplaced = ({ id }: Opened<Stored>): boolean =>
    replacedIds.size > 0 && replacedIds.has(keyOf(id));
  return {
    entries: named(
      names,
      opened.filter((entry) => !isReplaced(entry)),
    ),
    replaced: opened.filter(isReplaced).map(({ stored }) => stored),
    damaged,
  };
}

function openAll<Stored extends StoredEntry>(
  names: VaultNames,
  directory: DirectoryIds,
  listed: readonly Stored[],
): { opened: Opened<Stored>[]; damaged: DamagedEntry<Stored>[] } {
  const damaged: DamagedEntry<Stored>[] = [];
  const byId = new Map<string, Opened<Stored>[]>();
  const isRoot = directory.length === 1;
  for (const stored of listed) {
    if (isRoot && stored.stored === keyringFolderName) continue;
    const opened = names.open(directory, stored.stored);
    if (opened.state === 'damaged') {
      damaged.push({ stored, reason: opened.reason });
      continue;
    }
    const { id, name: sealedName, epoch } = opened;
    const entry = { id, sealedName, epoch, stored };
    const key = keyOf(id);
    const same = byId.get(key);
    if (same) same.push(entry);
    else byId.set(key, [entry]);
  }
  const opened: Opened<Stored>[] = [];
  for (const same of byId.values()) {
    // An old name that the server brought back beside the new one: nothing tells which is which.
    if (same.length === 1) opened.push(...same);
    else damaged.push(...same.map(({ stored }) => ({ stored, reason: 'duplicate-id' as const })));
  }
  return { opened, damaged };
}

/** Every member gives the same names to the same entries, in whichever order they are listed. */
function named<Stored extends StoredEntry>(
  names: VaultNames,
  opened: readonly Opened<Stored>[],
): Map<string, ListedEntry<Stored>> {
  const entries = new Map<string, ListedEntry<Stored>>();
  const conflicting = new Map<string, Opened<Stored>[]>();
  for (const entry of opened) {
    const { id, sealedName: name, epoch, stored } = entry;
    const others = conflicting.get(name);
    const first = others ? undefined : entries.get(name);
    if (others) others.push(entry);
    else if (first) conflicting.set(name, [first, entry]);
    else entries.set(name, { id, name, sealedName: name, epoch, stored, isConflict: false });
  }
  const later: Opened<Stored>[] = [];
  for (const [name, same] of conflicting) {
    const [first, ...others] = same.sort(byId);
    if (first) entries.set(name, { ...first, name, isConflict: true });
    later.push(...others);
  }
  for (const entry of later.sort(byId)) {
    for (const name of conflictNames(entry.sealedName, entry.id, factsOf(names, entry.stored))) {
      if (entries.has(name)) continue;
      entries.set(name, { ...entry, name, isConflict: true });
      break;
    }
  }
  return entries;
}

/** What tells people which entry of a conflict is which. */
function factsOf(names: VaultNames, { metadata }: StoredEntry): ConflictFacts {
  if (!metadata) return {};
  return { sender: nameOf(names.keyring, metadata.sender), mtime: metadata.mtime };
}

function byId(one: { readonly id: Uint8Array }, other: { readonly id: Uint8Array }): number {
  return compareBytes(one.id, other.id);
}

function keyOf(id: Uint8Array): string {
  return String.fromCharCode(...id);
}
