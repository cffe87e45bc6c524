import type { FlushTurn, SmallFiles } from '@e2eeftp/file-io';
import { baseName, parentPath, type RemotePath, type StoredFile } from '@e2eeftp/protocol';

import { requireSpace, type DiskLayout } from '../disk-layout.js';
import type { FolderMaker } from '../folder-maker.js';
import type { OpenFiles } from '../open-files.js';
import { StoreError } from '../store-error.js';
import type { OverwritePolicy, Upload, UploadOptions } from '../store.js';
import { unlessMissing } from '../system-errors.js';
import type { TreeFolders } from '../tree-folders.js';
import { requireWritable } from '../tree.js';
import { placeUpload, type WrittenFile } from '../usage/counted-changes.js';
import { Reservation } from '../usage/reservation.js';
import type { Usage } from '../usage/usage.js';
import { FileUpload, type UploadHome } from './file-upload.js';
import type { ResumableUploads } from './resumable-uploads.js';

/** What uploads into a tree work with. */
export interface TreeUploadsOptions {
  readonly disk: DiskLayout;
  readonly tree: TreeFolders;
  readonly folders: FolderMaker;
  readonly files: OpenFiles;
  readonly smallFiles: SmallFiles;
  readonly usage: Usage;
  readonly resumable: ResumableUploads;
  /** Shared by the uploads; nothing when they need not be durable. */
  readonly flushTurn: FlushTurn | undefined;
  /** Changes what is at some paths, as no one else does at that time. */
  readonly change: <Result>(
    paths: readonly RemotePath[],
    work: (since: number) => Promise<Result>,
  ) => Promise<Result>;
}

/** Begins uploads, and gives what they have become its place in the tree. */
export class TreeUploads {
  readonly #options: TreeUploadsOptions;

  /** @param options - what to work with */
  constructor(options: TreeUploadsOptions) {
    this.#options = options;
  }

  /**
   * @param options - what the upload will become
   * @returns the upload
   * @throws StoreError as `Store.createUpload` says
   */
  async create(options: UploadOptions): Promise<Upload> {
    const { path, size, resumable, quota } = options;
    const { disk, files, flushTurn, usage } = this.#options;
    requireWritable(path);
    const replaced = await this.#requirePlace(path);
    await requireSpace(disk, (size ?? 0) - (resumable?.offset ?? 0));
    const file = FileUpload.newPath(disk.uploads);
    const upload = resumable ? this.#options.resumable.nameOf(resumable) : file;
    const reservation = new Reservation(usage, { upload, path, replaced, quota });
    const release = await files.take();
    const home: UploadHome = {
      flushTurn,
      reservation: quota || resumable ? reservation : undefined,
      place: (written, overwrite) =>
        this.#options.change([path], (since) =>
          this.#place(path, written, overwrite, { reservation, since }),
        ),
      onClosed: release,
    };
    try {
      if (resumable) return await this.#options.resumable.open(home, options, resumable);
      return await FileUpload.create(home, file, size ?? 0);
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Refuses an upload before its bytes come, where it is clear that they cannot be kept. Returns
   * the bytes of the file that it will replace.
   */
  async #requirePlace(path: RemotePath): Promise<number> {
    for (let place = path; place !== ''; place = parentPath(place)) {
      const facts = await unlessMissing(this.#options.tree.look(place));
      if (!facts) continue;
      if (facts.type === 'file' && place === path) return facts.size;
      if (facts.type === 'directory' && place !== path) {
        await this.#options.folders.requireRoom(place);
        return 0;
      }
      throw new StoreError('conflict', `A ${facts.type} is in the way of the file`);
    }
    return 0;
  }

  async #place(
    path: RemotePath,
    written: WrittenFile,
    overwrite: OverwritePolicy,
    counting: { readonly reservation: Reservation; readonly since: number },
  ): Promise<StoredFile> {
    const { folders } = this.#options;
    const folder = await folders.openTarget(parentPath(path), overwrite);
    try {
      const place = { folder, name: baseName(path), path };
      const file = await folders.add(folder, path, () =>
        placeUpload(written, place, overwrite, counting),
      );
      await folders.makeDurable(folder);
      return file;
    } finally {
      folder.close();
    }
  }
}
