import { unlink } from 'node:fs/promises';

import type { FileStats } from '@e2eeftp/file-io';
import { baseName, parentPath, type RemotePath, type StoredFile } from '@e2eeftp/protocol';

import { requireSpace } from '../disk-layout.js';
import { inodeOf, storedFile, uniqueMtime } from '../file-entry.js';
import { requireEtag, rethrowLinkError } from '../folder-entries.js';
import type { Folder } from '../folder.js';
import { newFileFlags } from '../open-flags.js';
import { ownerMode, type NewFile, type StoreFilesOptions } from '../store.js';
import { asStoreError, unlessMissing } from '../system-errors.js';
import { requireWritable } from '../tree.js';
import { placeUpload } from '../usage/counted-changes.js';
import { Reservation } from '../usage/reservation.js';
import { FileUpload } from './file-upload.js';
import type { TreeUploadsOptions } from './tree-uploads.js';
import { requireWanted } from './upload-errors.js';

/** One of several small files, from when it comes until it has its place. */
interface SmallUpload {
  readonly file: NewFile;
  /** Where it lies until it gets its place. */
  readonly path: string;
  readonly reservation: Reservation;
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
    const uploads = await Promise.all(files.map((file) => this.#begin(file, options)));
    try {
      await Promise.all(
        uploads.map((upload) => this.#attempt([upload], () => this.#write(upload))),
      );
      await Promise.all(
        Array.from(byFolder(uploads), ([folder, inside]) =>
          this.#attempt(inside, () => this.#placeAll(folder, inside, options.signal)),
        ),
      );
      return uploads.map(({ stored, failure }) =>
        stored && !failure
          ? { status: 'fulfilled', value: stored }
          : { status: 'rejected', reason: failure },
      );
    } finally {
      await Promise.all(uploads.map(end));
    }
  }

  async #begin(file: NewFile, { quota }: StoreFilesOptions): Promise<SmallUpload> {
    const { disk, tree, usage } = this.#options;
    const path = FileUpload.newPath(disk.uploads);
    // Where nobody has a quota, nobody need look.
    const replaced = quota ? await unlessMissing(tree.look(file.path)) : undefined;
    const room = { upload: path, path: file.path, replaced: replaced?.size ?? 0, quota };
    return { file, path, reservation: new Reservation(usage, room) };
  }

  /** A failure is that of all uploads of the work. */
  async #attempt(uploads: readonly SmallUpload[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      for (const upload of uploads) upload.failure ??= asStoreError('Cannot store a file', error);
    }
  }

  async #write(upload: SmallUpload): Promise<void> {
    const { smallFiles, flushTurn } = this.#options;
    const { path, bytes, mtime = Date.now(), mode = 0 } = upload.file;
    requireWritable(path);
    await upload.reservation.take(bytes.length);
    upload.written = await smallFiles.write({
      path: upload.path,
      flags: newFileFlags,
      mode: ownerMode,
      permissions: mode > 0 ? mode | ownerMode : undefined,
      bytes,
      mtime: uniqueMtime(mtime),
      isDurable: flushTurn !== undefined,
    });
  }

  async #placeAll(
    path: RemotePath,
    uploads: readonly SmallUpload[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { folders, change } = this.#options;
    const written = uploads.filter(({ failure }) => !failure);
    const [first] = written;
    if (!first) return;
    // Only for what must replace something it need not be made.
    const { file } =
      written.find(({ file: { overwrite } }) => typeof overwrite === 'string') ?? first;
    await change(
      written.map((upload) => upload.file.path),
      async (since) => {
        // From here on, whoever comes later waits for these.
        requireWanted(signal);
        const folder = await folders.openTarget(path, file.overwrite);
        try {
          await Promise.all(
            written.map((upload) =>
              this.#attempt([upload], () => this.#place(upload, folder, since)),
            ),
          );
          await folders.makeDurable(folder);
        } finally {
          folder.close();
        }
      },
    );
  }

  async #place(upload: SmallUpload, folder: Folder, since: number): Promise<void> {
    const { folders, smallFiles } = this.#options;
    const { path, overwrite } = upload.file;
    const { written } = upload;
    if (!written) return;
    const place = { folder, name: baseName(path), path };
    const counting = { reservation: upload.reservation, since };
    await folders.put(folder, path, async () => {
      let isNew = false;
      const moveTo = async (): Promise<StoredFile> => {
        const to = folder.at(place.name);
        if (typeof overwrite !== 'string') await requireEtag(to, overwrite.etag);
        const replaces = overwrite !== 'never';
        const placing = smallFiles.place({ from: upload.path, to, replaces });
        const { stats, hasReplaced } = await (replaces ? placing : placing.catch(rethrowLinkError));
        isNew = !hasReplaced;
        // Another program may have replaced it already: the version that was stored is gone then.
        const isOurs = inodeOf(stats) === inodeOf(written);
        return storedFile(isOurs ? stats : written);
      };
      upload.stored = await placeUpload({ moveTo }, place, overwrite, counting);
      return isNew;
    });
  }
}

function byFolder(uploads: readonly SmallUpload[]): Map<RemotePath, SmallUpload[]> {
  const folders = new Map<RemotePath, SmallUpload[]>();
  for (const upload of uploads) {
    const path = parentPath(upload.file.path);
    const inside = folders.get(path);
    if (inside) inside.push(upload);
    else folders.set(path, [upload]);
  }
  return folders;
}

/** Frees what an upload holds, and removes what has got no place. */
async function end({ path, written, stored, reservation }: SmallUpload): Promise<void> {
  reservation.end(0);
  if (written && !stored) await unlink(path).catch(() => undefined);
}
