import { createHash } from 'node:crypto';
import { lstat, open, readdir, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { StoredFile } from '@e2eeftp/protocol';

import { makeDirectory } from '../../make-directory.js';
import { readRange } from '../file-reader.js';
import { newFileFlags, writtenFileFlags } from '../open-flags.js';
import { StoreError } from '../store-error.js';
import type { ResumableUpload, ResumePoint, UploadKey, UploadOptions } from '../store.js';
import { asStoreError, unlessMissing } from '../system-errors.js';
import { FileUpload, type UploadHome } from './file-upload.js';
import { Leases } from './leases.js';
import { UploadJournal, type UploadState } from './upload-journal.js';

/** Uploads of one identity that are kept: each costs two files, which no quota counts. */
const maximumUploads = 1000;

const journalEnding = '.json';
const partEnding = '.part';

/** What the uploads need of their store. */
export interface ResumableUploadsOptions {
  /** The folder that they lie in: each identity has a folder in it. */
  readonly directory: string;
  /** Milliseconds after its last byte that an upload is kept. */
  readonly lifetime: number;
  /** Tells what is stored at a path now, and as which file of the disk. */
  readonly lookAt: (path: UploadState['path']) => Promise<PlacedFile | undefined>;
}

/** A stored file, and which of the disk's it is. */
export interface PlacedFile {
  readonly inode: string;
  readonly file: StoredFile;
}

/** Where the two files of an upload are. */
interface Place {
  /** Stands for the upload among all others. */
  readonly name: string;
  readonly folder: string;
  readonly journal: string;
  readonly part: string;
}

/**
 * Uploads that outlive the connection that writes them, and the process: what arrived lies in one
 * file, and a journal beside it says how much of that is durable.
 */
export class ResumableUploads {
  readonly #options: ResumableUploadsOptions;
  readonly #leases = new Leases();

  /** @param options - what the uploads need of their store */
  constructor(options: ResumableUploadsOptions) {
    this.#options = options;
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
    const place = this.#placeOf(resumable);
    let upload: FileUpload | undefined;
    const lease = await this.#leases.acquire(place.name, () => {
      void upload?.fence();
    });
    try {
      const { handle, journal } = await this.#openFile(place, options, resumable.offset);
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
   * @param digest - whether to read its bytes back for their digest
   * @returns how far it is
   * @throws StoreError `not-found`
   */
  async find(key: UploadKey, digest: boolean): Promise<ResumePoint> {
    const place = this.#placeOf(key);
    const lease = await this.#leases.acquire(place.name, () => undefined);
    try {
      const journal = await this.#read(place);
      if (!journal) throw new StoreError('not-found', 'There is no such upload');
      const { offset, done } = journal.state;
      if (done) return { offset, done };
      return digest ? { offset, sha256: await digestOf(place.part, offset) } : { offset };
    } catch (error) {
      throw asStoreError('Cannot look at an upload', error);
    } finally {
      lease.release();
    }
  }

  /** Removes what an earlier process left half made. Call it before anything is opened. */
  async recover(): Promise<void> {
    for (const folder of await this.#folders()) {
      const names = new Set(await readdir(folder));
      for (const name of names) {
        const stem = name.replace(/\.(?:json|part)$/u, '');
        if (name === stem || !names.has(stem + journalEnding)) await unlink(join(folder, name));
      }
      await rmdir(folder).catch(() => undefined);
    }
  }

  /** Removes the uploads whose time is over. */
  async sweep(): Promise<void> {
    const oldest = Date.now() - this.#options.lifetime;
    for (const folder of await this.#folders()) {
      for (const name of await readdir(folder)) {
        if (!name.endsWith(journalEnding)) continue;
        const place = placeIn(folder, name.slice(0, -journalEnding.length));
        if (this.#leases.isHeld(place.name) || (await lastChange(place)) >= oldest) continue;
        const lease = await this.#leases.acquire(place.name, () => undefined);
        await removeBoth(place).finally(() => {
          lease.release();
        });
      }
    }
  }

  async #openFile(
    place: Place,
    options: UploadOptions,
    offset: number,
  ): Promise<{ handle: FileHandle; journal: UploadJournal }> {
    const journal = await this.#read(place);
    if (!journal) return this.#begin(place, options, offset);
    const { path, size, done, offset: durable } = journal.state;
    const isSame = path === options.path && size === (options.size ?? null);
    if (done || !isSame) {
      throw new StoreError('conflict', 'The upload is finished, or is of another file');
    }
    if (offset > durable) throw new StoreError('bad-range', 'Less of the upload is durable');
    const handle = await open(place.part, writtenFileFlags);
    try {
      // First the journal: it must never say more than there is.
      await journal.update({ offset });
      await handle.truncate(offset);
      return { handle, journal };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #begin(
    place: Place,
    { path, size }: UploadOptions,
    offset: number,
  ): Promise<{ handle: FileHandle; journal: UploadJournal }> {
    if (offset > 0) throw new StoreError('not-found', 'There is no such upload');
    await makeDirectory(place.folder);
    if ((await readdir(place.folder)).length >= 2 * maximumUploads) {
      throw new StoreError('busy', `There are ${maximumUploads} unfinished uploads already`);
    }
    await removeBoth(place);
    const handle = await open(place.part, newFileFlags, 0o600);
    try {
      const { dev, ino } = await handle.stat({ bigint: true });
      const state = { path, size: size ?? null, offset: 0, inode: `${dev}:${ino}`, done: null };
      return { handle, journal: await UploadJournal.create(place.journal, state) };
    } catch (error) {
      await handle.close();
      await unlink(place.part).catch(() => undefined);
      throw error;
    }
  }

  /** A process may have ended between storing the file and saying so in the journal. */
  async #read(place: Place): Promise<UploadJournal | undefined> {
    const journal = await UploadJournal.read(place.journal);
    if (!journal || journal.state.done) return journal;
    const placed = await this.#options.lookAt(journal.state.path);
    if (placed?.inode === journal.state.inode) {
      await journal.update({ offset: placed.file.size, done: placed.file });
      await unlink(place.part).catch(() => undefined);
      return journal;
    }
    const part = await unlessMissing(sizeOf(place.part));
    if (part === undefined || part < journal.state.offset) return undefined;
    return journal;
  }

  #placeOf({ owner, id }: UploadKey): Place {
    const folder = join(this.#options.directory, Buffer.from(owner).toString('hex'));
    return placeIn(folder, Buffer.from(id).toString('hex'));
  }

  async #folders(): Promise<string[]> {
    const entries = await readdir(this.#options.directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(this.#options.directory, name));
  }
}

function placeIn(folder: string, stem: string): Place {
  const name = join(folder, stem);
  return { name, folder, journal: name + journalEnding, part: name + partEnding };
}

/** In this order: bytes without a journal are removed when the store is next opened. */
async function removeBoth({ journal, part }: Place): Promise<void> {
  for (const path of [journal, part]) await unlessMissing(removed(path));
}

async function removed(path: string): Promise<true> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    throw asStoreError('Cannot remove an upload', error);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    throw asStoreError('Cannot look at an upload', error);
  }
}

async function lastChange({ journal, part }: Place): Promise<number> {
  const times = await Promise.all(
    [journal, part].map((path) =>
      lstat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}

async function digestOf(path: string, length: number): Promise<Uint8Array> {
  const handle = await open(path, writtenFileFlags);
  try {
    const hash = createHash('sha256');
    for await (const chunk of readRange(handle, 0, length)) hash.update(chunk);
    return hash.digest();
  } finally {
    await handle.close();
  }
}
