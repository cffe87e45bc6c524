import { lstat, open, readdir, rm, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { StoredFile } from '@e2eeftp/protocol';

import { makeDirectory } from '../../make-directory.js';
import type { StoreCoordination } from '../coordination.js';
import { inodeOf } from '../file-entry.js';
import { sha256Of } from '../file-reader.js';
import { newFileFlags, writtenFileFlags } from '../open-flags.js';
import { StoreError } from '../store-error.js';
import type {
  FindUploadOptions,
  ResumableUpload,
  ResumePoint,
  UploadKey,
  UploadOptions,
} from '../store.js';
import { asStoreError } from '../system-errors.js';
import type { Reservation } from '../usage/reservation.js';
import { FileUpload, type UploadHome } from './file-upload.js';
import { takenOver } from './upload-errors.js';
import {
  lastChange,
  placeOf,
  readUploadFolder,
  removeUpload,
  writtenBytes,
  type UploadPlace,
} from './upload-files.js';
import { UploadJournal, type UploadState } from './upload-journal.js';
import { maximumUnfinished, rememberedUploads } from './upload-limits.js';

/** What the uploads need of their store. */
export interface ResumableUploadsOptions {
  /** The folder that they lie in: each identity has a folder in it. */
  readonly directory: string;
  /** Milliseconds after its last byte that an upload is kept. */
  readonly lifetime: number;
  /** Lets one at a time write an upload, among all that use the directory, and counts its bytes. */
  readonly coordination: StoreCoordination;
  /** Gives the file that an upload has become, durable, when it is the one in its place. */
  readonly findPlaced: (state: UploadState) => Promise<StoredFile | undefined>;
}

/** Milliseconds in which an upload has surely begun. */
const beginningTime = 60_000;

/** What an upload is written to. */
interface OpenFile {
  readonly handle: FileHandle;
  readonly journal: UploadJournal;
}

/**
 * Uploads that outlive the connection that writes them, and the process: what arrived lies in one
 * file, and a journal beside it says how much of that is durable.
 */
export class ResumableUploads {
  readonly #options: ResumableUploadsOptions;

  /** @param options - what the uploads need of their store */
  constructor(options: ResumableUploadsOptions) {
    this.#options = options;
  }

  /**
   * @param key - an upload
   * @returns what stands for it among all others
   */
  nameOf(key: UploadKey): string {
    return placeOf(this.#options.directory, key).name;
  }

  /**
   * Goes on with an upload, or begins it.
   *
   * @param home - what it needs of its store
   * @param options - what it will become
   * @param resumable - which upload, and where it goes on
   * @returns the upload
   * @throws StoreError as `Store.createUpload` says
   */
  async open(
    home: UploadHome,
    options: UploadOptions,
    resumable: ResumableUpload,
  ): Promise<FileUpload> {
    const place = placeOf(this.#options.directory, resumable);
    let upload: FileUpload | undefined;
    const { leases } = this.#options.coordination;
    const lease = await leases.acquire(place.name, () => {
      void upload?.fence();
    });
    try {
      const { offset } = resumable;
      const { handle, journal } = await this.#openFile(place, options, offset, home.reservation);
      upload = new FileUpload(home, {
        path: place.part,
        handle,
        journal,
        onEnd: () => {
          lease.release();
        },
      });
    } catch (error) {
      lease.release();
      throw asStoreError('Cannot open an upload', error);
    }
    if (lease.isRevoked) await upload.fence();
    return upload;
  }

  /**
   * Looks how far an upload is.
   *
   * @param key - the upload
   * @param options - whether to read its bytes back for their digest, and until when
   * @returns how far it is
   * @throws StoreError as `Store.findUpload` says
   */
  async find(key: UploadKey, { digest, signal }: FindUploadOptions): Promise<ResumePoint> {
    const place = placeOf(this.#options.directory, key);
    const { leases } = this.#options.coordination;
    const lease = await leases.acquire(place.name, () => undefined);
    const requireWanted = (): void => {
      signal?.throwIfAborted();
      if (lease.isRevoked) throw takenOver();
    };
    try {
      const journal = await this.#read(place);
      if (!journal) throw new StoreError('not-found', 'There is no such upload');
      const { offset, done } = journal.state;
      if (done) return { offset, done };
      if (!digest) return { offset };
      return { offset, sha256: await digestOf(place, offset, requireWanted) };
    } catch (error) {
      throw asStoreError('Cannot look at an upload', error);
    } finally {
      lease.release();
    }
  }

  /**
   * Finds out what became of the uploads of an earlier process, as long as nobody else changes the
   * tree, and removes what it left half made. Call it before anything is opened.
   */
  async recover(): Promise<void> {
    for (const folder of await this.#folders()) {
      const { unfinished, finished, rest } = await readUploadFolder(folder);
      // What cannot be read or removed must not keep a store from opening.
      for (const path of rest) {
        await rm(path, { recursive: true, force: true }).catch(() => undefined);
      }
      for (const place of [...unfinished, ...finished]) {
        await this.#recoverUpload(place).catch(() => undefined);
      }
      await rmdir(folder).catch(() => undefined);
    }
  }

  /** Removes the uploads whose time is over. */
  async sweep(): Promise<void> {
    for (const folder of await this.#folders()) {
      const { unfinished, finished, rest } = await readUploadFolder(folder);
      for (const path of rest) await this.#sweepRest(path).catch(() => undefined);
      for (const place of [...unfinished, ...finished]) {
        // What cannot be removed now is tried again the next time.
        await this.#sweepUpload(place).catch(() => undefined);
      }
    }
  }

  async #openFile(
    place: UploadPlace,
    options: UploadOptions,
    offset: number,
    reservation: Reservation | undefined,
  ): Promise<OpenFile> {
    const journal = await this.#read(place);
    if (!journal) return this.#begin(place, options, offset, reservation);
    const { path, size, done, offset: durable } = journal.state;
    const isSame = path === options.path && size === (options.size ?? null);
    if (done || !isSame) {
      throw new StoreError('conflict', 'The upload is finished, or is of another file');
    }
    if (offset > durable) throw new StoreError('bad-range', 'Less of the upload is durable');
    await reservation?.take(Math.max(size ?? 0, offset));
    let handle: FileHandle | undefined;
    try {
      handle = await open(place.part, writtenFileFlags);
      // First the journal: it must never say more than there is.
      if (offset < durable) await journal.update({ offset });
      await handle.truncate(offset);
      return { handle, journal };
    } catch (error) {
      await handle?.close().catch(() => undefined);
      reservation?.end((await writtenBytes(place.name)) ?? 0);
      throw error;
    }
  }

  async #begin(
    place: UploadPlace,
    { path, size }: UploadOptions,
    offset: number,
    reservation: Reservation | undefined,
  ): Promise<OpenFile> {
    if (offset > 0) throw new StoreError('not-found', 'There is no such upload');
    await makeDirectory(place.folder);
    await makeRoom(place.folder);
    await reservation?.take(size ?? 0);
    let handle: FileHandle | undefined;
    try {
      await removeUpload(place);
      handle = await open(place.part, newFileFlags, 0o600);
      const inode = inodeOf(await handle.stat({ bigint: true }));
      const state = { path, size: size ?? null, offset: 0, inode, done: null };
      return { handle, journal: await UploadJournal.create(place.journal, state) };
    } catch (error) {
      await handle?.close().catch(() => undefined);
      await unlink(place.part).catch(() => undefined);
      reservation?.end(0);
      throw error;
    }
  }

  /** A process may have ended between storing the file and saying so in the journal. */
  async #read(place: UploadPlace): Promise<UploadJournal | undefined> {
    const journal = await UploadJournal.read(place.journal);
    if (!journal || journal.state.done) return journal;
    if (await this.#options.findPlaced(journal.state)) {
      // The file may still have both names; to lose one gives it another etag.
      await unlink(place.part).catch(() => undefined);
      const done = await this.#options.findPlaced(journal.state);
      // Where the journal cannot be written, the next one who asks finds it out anew.
      if (done) await journal.update({ offset: done.size, done }).catch(() => undefined);
      return done && journal;
    }
    const written = await writtenBytes(place.name);
    return written === undefined || written < journal.state.offset ? undefined : journal;
  }

  async #recoverUpload(place: UploadPlace): Promise<void> {
    const journal = await this.#read(place);
    if (!journal) await removeUpload(place);
    else if (journal.state.done) await unlink(place.part).catch(() => undefined);
    else {
      const { path } = journal.state;
      const bytes = (await writtenBytes(place.name)) ?? 0;
      this.#options.coordination.usage.uploadEnded(place.name, { path, bytes });
    }
  }

  async #sweepUpload(place: UploadPlace): Promise<void> {
    const { leases, usage } = this.#options.coordination;
    if (leases.isHeld(place.name)) return;
    const lease = await leases.acquire(place.name, () => undefined);
    try {
      if ((await lastChange(place)) >= Date.now() - this.#options.lifetime) return;
      await removeUpload(place);
      usage.uploadEnded(place.name);
    } finally {
      lease.release();
    }
  }

  /** What belongs to no upload may be part of one that is just begun, unless it is old. */
  async #sweepRest(path: string): Promise<void> {
    const { ctimeMs } = await lstat(path);
    if (ctimeMs >= Date.now() - Math.max(this.#options.lifetime, beginningTime)) return;
    await rm(path, { recursive: true, force: true });
  }

  async #folders(): Promise<string[]> {
    const entries = await readdir(this.#options.directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(this.#options.directory, name));
  }
}

/** Bounds what an identity keeps: finished uploads are forgotten, unfinished ones are not. */
async function makeRoom(folder: string): Promise<void> {
  const { unfinished, finished } = await readUploadFolder(folder);
  if (unfinished.length >= maximumUnfinished) {
    throw new StoreError('busy', `There are ${maximumUnfinished} unfinished uploads already`);
  }
  // Half of them at once, so that their times need not be looked up for every upload.
  if (finished.length < 2 * rememberedUploads) return;
  const dated = await Promise.all(
    finished.map(async (place) => ({ place, time: await lastChange(place) })),
  );
  const oldest = dated.sort((a, b) => a.time - b.time).slice(0, -rememberedUploads);
  for (const { place } of oldest) await removeUpload(place);
}

async function digestOf(
  { part }: UploadPlace,
  length: number,
  beforeChunk: () => void,
): Promise<Uint8Array> {
  const handle = await open(part, writtenFileFlags);
  try {
    return await sha256Of(handle, length, beforeChunk);
  } finally {
    await handle.close().catch(() => undefined);
  }
}
