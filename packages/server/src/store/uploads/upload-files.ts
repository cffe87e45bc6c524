import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { UploadKey } from '../store.js';
import { asStoreError, unlessMissing } from '../system-errors.js';

const journalEnding = '.json';
const partEnding = '.part';
const fileName = /^(?<stem>[0-9a-f]+)(?<ending>\.json|\.part)$/u;

/** Where the two files of an upload are. */
export interface UploadPlace {
  /** Stands for the upload among all others. */
  readonly name: string;
  /** That of all uploads of its owner. */
  readonly folder: string;
  /** Says how far the upload is. */
  readonly journal: string;
  /** Holds the bytes, until they are the file. */
  readonly part: string;
}

/** What lies in the folder of an owner. */
export interface UploadFolder {
  /** Uploads with a journal and bytes. */
  readonly unfinished: readonly UploadPlace[];
  /** Uploads with a journal alone. */
  readonly finished: readonly UploadPlace[];
  /** Paths of what belongs to no upload. */
  readonly rest: readonly string[];
}

/**
 * @param directory - where the folders of all owners are
 * @param key - the upload
 * @returns where its files are
 */
export function placeOf(directory: string, { owner, id }: UploadKey): UploadPlace {
  return placeIn(join(directory, hex(owner)), hex(id));
}

/**
 * @param folder - an owner's folder
 * @returns what is in it
 */
export async function readUploadFolder(folder: string): Promise<UploadFolder> {
  const names = new Set(await readdir(folder));
  const unfinished: UploadPlace[] = [];
  const finished: UploadPlace[] = [];
  const rest: string[] = [];
  for (const name of names) {
    const { stem = '', ending } = fileName.exec(name)?.groups ?? {};
    if (ending === journalEnding) {
      (names.has(stem + partEnding) ? unfinished : finished).push(placeIn(folder, stem));
    } else if (ending === undefined || !names.has(stem + journalEnding)) {
      rest.push(join(folder, name));
    }
  }
  return { unfinished, finished, rest };
}

/**
 * Removes what there is of an upload: first the journal, since bytes without one are removed when
 * the store is next opened.
 *
 * @param place - where it is
 * @throws StoreError
 */
export async function removeUpload({ journal, part }: UploadPlace): Promise<void> {
  for (const path of [journal, part]) {
    await unlessMissing(ofFile(unlink(path), 'Cannot remove an upload'));
  }
}

/**
 * @param name - what stands for an upload
 * @returns how many bytes it has; nothing when their file is missing
 * @throws StoreError
 */
export async function writtenBytes(name: string): Promise<number | undefined> {
  return (await unlessMissing(ofFile(lstat(name + partEnding), 'Cannot look at an upload')))?.size;
}

/**
 * @param place - where an upload is
 * @returns when something last changed about it, in milliseconds since 1970. A change's own time
 *   tells that, not the file's, which is the client's to choose once the upload is complete
 * @throws StoreError: an upload whose times cannot be read must not be taken for an old one
 */
export async function lastChange({ journal, part }: UploadPlace): Promise<number> {
  const times = await Promise.all(
    [journal, part].map((path) => unlessMissing(ofFile(lstat(path), 'Cannot look at an upload'))),
  );
  return Math.max(...times.map((stats) => stats?.ctimeMs ?? 0));
}

function placeIn(folder: string, stem: string): UploadPlace {
  const name = join(folder, stem);
  return { name, folder, journal: name + journalEnding, part: name + partEnding };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

async function ofFile<Result>(call: Promise<Result>, what: string): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw asStoreError(what, error);
  }
}
