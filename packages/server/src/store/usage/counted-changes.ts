import type { RemotePath, StoredFile } from '@e2eeftp/protocol';

import { requireVersion, type EntryFacts } from '../file-entry.js';
import { deleteEntry, lookAt, placeFile, placeFolder } from '../folder-entries.js';
import type { Folder } from '../folder.js';
import { StoreError } from '../store-error.js';
import type { OverwritePolicy } from '../store.js';
import { unlessMissing } from '../system-errors.js';
import { bytesOfFolder } from './folder-bytes.js';
import type { Reservation } from './reservation.js';
import type { Usage } from './usage.js';

/** A name in an open folder, and what it is in the tree. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
  readonly path: RemotePath;
}

/** What an upload has become, beside the tree. */
export interface WrittenFile {
  /**
   * Gives the file its place. The caller holds the lock of that place.
   *
   * @param folder - where it is to be
   * @param name - its name there
   * @returns the file
   * @throws StoreError `conflict`, or an error of the system
   */
  readonly moveTo: (folder: Folder, name: string) => Promise<StoredFile>;
}

/** What is removed, and how. */
export interface DeletedPlace {
  /** Where a folder goes with all that is in it; otherwise only an empty one goes. */
  readonly grave: string | undefined;
  /** The version to remove; otherwise any. */
  readonly etag: string | undefined;
}

/** Who keeps count, and the time before the change was begun. */
export interface Counting {
  readonly usage: Usage;
  readonly since: number;
}

/**
 * Gives an upload's file its place, and tells so. The caller holds the lock of that place.
 *
 * @param written - the file
 * @param to - where it is to be
 * @param overwrite - what to do about a file that is there
 * @param counting - the room that the upload has, and the time before
 * @returns the file
 * @throws StoreError `no-space` or `conflict`, or an error of the system
 */
export async function placeUpload(
  written: WrittenFile,
  { folder, name }: Place,
  overwrite: OverwritePolicy,
  { reservation, since }: { readonly reservation: Reservation; readonly since: number },
): Promise<StoredFile> {
  // Where nobody has a quota, nobody need look.
  const isNew = overwrite === 'never' || since === 0;
  const replaced = isNew ? 0 : await bytesAt(folder.at(name));
  await reservation.settle(replaced);
  const file = await written.moveTo(folder, name);
  reservation.stored({ bytes: file.size - replaced, since });
  return file;
}

/**
 * Removes something, and tells so. The caller holds its lock.
 *
 * @param place - where it is
 * @param options - what to remove, and how
 * @param counting - who is told
 * @throws StoreError `not-found`, `conflict` for another version, or an error of the system
 */
export async function deletePlace(
  place: Place,
  { grave, etag }: DeletedPlace,
  { usage, since }: Counting,
): Promise<void> {
  const { folder, name, path } = place;
  const facts = await lookAt(folder.at(name));
  requireVersion(facts, etag);
  const mayHoldBytes = since > 0 && (facts.type === 'file' || grave !== undefined);
  const bytes = mayHoldBytes ? await movedBytes(place, facts, usage) : 0;
  await deleteEntry(folder.at(name), facts, grave);
  usage.changed({ path, bytes: -bytes, since });
}

/**
 * Gives something another place, and tells so. The caller holds the locks of both.
 *
 * @param from - where it is
 * @param to - where it is to be
 * @param overwrite - what to do about a file that is there
 * @param counting - who is told, and what it was when the locks were chosen
 * @throws StoreError `not-found` or `conflict`, or an error of the system
 */
export async function movePlace(
  from: Place,
  to: Place,
  overwrite: OverwritePolicy,
  { usage, since, type }: Counting & Pick<EntryFacts, 'type'>,
): Promise<void> {
  const source = from.folder.at(from.name);
  const facts = await lookAt(source);
  if (facts.type !== type) {
    throw new StoreError('conflict', 'Something else took the place of what was to be moved');
  }
  const bytes = await movedBytes(from, facts, usage, to.path);
  const replaced = overwrite === 'never' ? 0 : await bytesAt(to.folder.at(to.name));
  if (type === 'file') await placeFile(source, to.folder, to.name, overwrite);
  else await placeFolder(source, to.folder, to.name);
  if (from.path === to.path) return;
  usage.changed({ path: from.path, bytes: -bytes, since });
  usage.changed({ path: to.path, bytes: bytes - replaced, since });
}

/** The bytes of a folder are counted only where they matter to somebody. */
async function movedBytes(
  { folder, name, path }: Place,
  facts: EntryFacts,
  usage: Usage,
  to?: RemotePath,
): Promise<number> {
  if (facts.type === 'file') return facts.size;
  if (!(await usage.isBorder(path, to))) return 0;
  return bytesOfFolder(folder.openFolder(name));
}

/**
 * @param path - a path whose folder is open
 * @returns bytes of the file that is there; 0 for a folder, or nothing
 */
export async function bytesAt(path: string): Promise<number> {
  return (await unlessMissing(lookAt(path)))?.size ?? 0;
}
