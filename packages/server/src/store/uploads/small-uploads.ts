import { unlink } from 'node:fs/promises';

import type { FileStats, FileToWrite, PlacedFile } from '@e2eeftp/file-io';
import { baseName, type RemotePath, type StoredFile } from '@e2eeftp/protocol';

import { byFolder } from '../by-folder.js';
import { requireSpace } from '../disk-layout.js';
import { inodeOf, storedFile, uniqueMtime } from '../file-entry.js';
import { directoryFull, requireEtag, rethrowLinkError } from '../folder-entries.js';
import type { Folder } from '../folder.js';
import { newFileFlags } from '../open-flags.js';
import { ownerMode, type NewFile, type StoreFilesOptions } from '../store.js';
import { asStoreError, unlessMissing } from '../system-errors.js';
import { requireWritable } from '../tree.js';
import { bytesAt } from '../usage/counted-changes.js';
import { Reservation } from '../usage/reservation.js';
import { FileUpload } from './file-upload.js';
import type { TreeUploadsOptions } from './tree-uploads.js';
import { requireWanted } from './upload-errors.js';

/** One of several small files, from when it comes until it has its place. */
interface SmallUpload {
  readonly file: NewFile;
  /** What it is to be called in its folder. */
  readonly name: string;
  /** Where it lies until it gets its place. */
  readonly path: string;
  readonly reservation: Reservation;
  /** Bytes of the file whose place it takes. */
  replaced: number;
  /** What the system said of it when it was written. */
  written?: FileStats;
  stored?: StoredFile;
  failure?: Error;
}

/**
 * Stores many small files together: they are written in one go, those of one folder take their
 * places under one lock, and share one flush of the folder.
 */
export class SmallUploads {
  readonly #options: TreeUploadsOptions;

  /** @param options - what to work with */
  constructor(options: TreeUploadsOptions) {
    this.#options = options;
  }

  /**
   * @param files - what to store, no two at one path
   * @param options - whom it counts against, and a signal
   * @returns what became of each
   * @throws StoreError `no-space` when the disk has no room for them
   */
  async store(
    files: readonly NewFile[],
    options: StoreFilesOptions,
  ): Promise<PromiseSettledResult<StoredFile>[]> {
    await requireSpace(
      this.#options.disk,
      files.reduce((sum, { bytes }) => sum + bytes.length, 0),
    );
    const uploads = files.map((file) => this.#begin(file, options));
    try {
      await this.#write(uploads, options);
      await Promise.all(
        Array.from(
          byFolder(unfailed(uploads), ({ file }) => file.path),
          ([folder, inside]) =>
            attempt(inside, () => this.#placeAll(folder, inside, options.signal)),
        ),
      );
      return uploads.map(({ stored, failure }) =>
        stored && !failure
          ? { status: 'fulfilled', value: stored }
          : { status: 'rejected', reason: failure },
      );
    } finally {
      await Promise.all(uploads.filter(isLeft).map(end));
    }
  }

  #begin(file: NewFile, { quota }: StoreFilesOptions): SmallUpload {
    const { disk, usage } = this.#options;
    const path = FileUpload.newPath(disk.uploads);
    const claim = { upload: path, path: file.path, replaced: 0, quota };
    return {
      file,
      name: baseName(file.path),
      path,
      reservation: new Reservation(usage, claim),
      replaced: 0,
    };
  }

  async #write(uploads: readonly SmallUpload[], { quota }: StoreFilesOptions): Promise<void> {
    const { smallFiles, flushTurn } = this.#options;
    for (const upload of uploads) {
      try {
        requireWritable(upload.file.path);
        // Where nobody has a quota, nobody need look.
        if (quota) await this.#takeRoom(upload);
      } catch (error) {
        fail([upload], error);
      }
    }
    const begun = unfailed(uploads);
    const isDurable = flushTurn !== undefined;
    const writing = { flags: newFileFlags, mode: ownerMode, isDurable };
    const results = await smallFiles.write(begun.map(toWrite), writing);
    for (const [index, upload] of begun.entries()) {
      const result = results[index];
      if (result && !(result instanceof Error)) upload.written = result;
      else fail([upload], result);
    }
  }

  async #takeRoom({ file, reservation }: SmallUpload): Promise<void> {
    const there = await unlessMissing(this.#options.tree.look(file.path));
    await reservation.takeInsteadOf(there?.size ?? 0, file.bytes.length);
  }

  async #placeAll(
    path: RemotePath,
    uploads: readonly SmallUpload[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { folders, change } = this.#options;
    const [first] = uploads;
    if (!first) return;
    // Only for what must replace something it need not be made.
    const { file } =
      uploads.find(({ file: { overwrite } }) => typeof overwrite === 'string') ?? first;
    await change(
      uploads.map((upload) => upload.file.path),
      async (since) => {
        // From here on, whoever comes later waits for these.
        requireWanted(signal);
        const folder = await folders.openTarget(path, file.overwrite);
        try {
          const refused = await folders.putAll(folder, path, uploads, (some) =>
            this.#place(some, folder, since),
          );
          fail(refused, directoryFull());
          await folders.makeDurable(folder);
        } finally {
          folder.close();
        }
      },
    );
  }

  /** @returns how many have taken no other file's place */
  async #place(uploads: readonly SmallUpload[], folder: Folder, since: number): Promise<number> {
    for (const upload of uploads) {
      // Most need no look, and so no turn of the event loop.
      if (needsLook(upload, since)) await attempt([upload], () => look(upload, folder, since));
    }
    const ready = unfailed(uploads);
    const results = await this.#options.smallFiles.place(
      ready.map(({ file: { overwrite }, path, name }) => ({
        from: path,
        to: folder.at(name),
        replaces: overwrite !== 'never',
      })),
    );
    let added = 0;
    for (const [index, upload] of ready.entries()) {
      const result = results[index];
      if (!result || result instanceof Error) {
        failToPlace(upload, result);
        continue;
      }
      if (!result.hasReplaced) added += 1;
      const file = placedFile(upload, result);
      upload.stored = file;
      upload.reservation.stored({ bytes: file.size - upload.replaced, since });
    }
    return added;
  }
}

function toWrite({ path, file }: SmallUpload): FileToWrite {
  const { bytes, mtime = Date.now(), mode = 0 } = file;
  const permissions = mode > 0 ? mode | ownerMode : undefined;
  return { path, bytes, mtime: uniqueMtime(mtime), permissions };
}

function needsLook({ file: { overwrite } }: SmallUpload, since: number): boolean {
  return typeof overwrite !== 'string' || (overwrite === 'always' && since > 0);
}

/** Looks at what is there: it must be of a certain version, or counts for somebody's quota. */
async function look(upload: SmallUpload, folder: Folder, since: number): Promise<void> {
  const { overwrite } = upload.file;
  const at = folder.at(upload.name);
  if (typeof overwrite !== 'string') await requireEtag(at, overwrite.etag);
  if (since > 0) upload.replaced = await bytesAt(at);
  await upload.reservation.settle(upload.replaced);
}

/** Another program may have replaced it already: the version that was stored is gone then. */
function placedFile({ written }: SmallUpload, { stats }: PlacedFile): StoredFile {
  return storedFile(written && inodeOf(stats) !== inodeOf(written) ? written : stats);
}

function failToPlace(upload: SmallUpload, error: unknown): void {
  try {
    if (upload.file.overwrite === 'never') rethrowLinkError(error);
    fail([upload], error);
  } catch (reason) {
    fail([upload], reason);
  }
}

/** A failure is that of all uploads of the work. */
async function attempt(uploads: readonly SmallUpload[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    fail(uploads, error);
  }
}

function fail(uploads: readonly SmallUpload[], error: unknown): void {
  for (const upload of uploads) upload.failure ??= asStoreError('Cannot store a file', error);
}

function unfailed(uploads: readonly SmallUpload[]): SmallUpload[] {
  return uploads.filter(({ failure }) => !failure);
}

function isLeft({ stored }: SmallUpload): boolean {
  return !stored;
}

/** Frees what an upload holds that has got no place, and removes it. */
async function end({ path, written, reservation }: SmallUpload): Promise<void> {
  reservation.end(0);
  if (written) await unlink(path).catch(() => undefined);
}
