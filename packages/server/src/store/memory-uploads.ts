import { createHash } from 'node:crypto';

import type { StoredFile } from '@e2eeftp/protocol';

import { MemoryUpload, type MemoryUploadHome } from './memory-upload.js';
import { StoreError } from './store-error.js';
import type { ResumableUpload, ResumePoint, UploadKey, UploadOptions } from './store.js';
import { Leases } from './uploads/leases.js';
import { maximumUnfinished, rememberedUploads } from './uploads/upload-limits.js';

interface KeptUpload extends Pick<UploadOptions, 'path' | 'size'> {
  readonly parts: readonly Uint8Array[];
  readonly done?: StoredFile;
}

/** The uploads of one owner by their names, the oldest first. */
type KeptUploads = Map<string, KeptUpload>;

/** Uploads in memory that can be resumed. They are kept as long as the store. */
export class MemoryUploads {
  readonly #owners = new Map<string, KeptUploads>();
  readonly #leases = new Leases();

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
    home: MemoryUploadHome,
    options: UploadOptions,
    resumable: ResumableUpload,
  ): Promise<MemoryUpload> {
    const name = memoryUploadName(resumable);
    const kept = this.#keptBy(resumable);
    const { path, size } = options;
    const { offset } = resumable;
    let upload: MemoryUpload | undefined;
    const lease = await this.#leases.acquire(name, () => {
      upload?.fence();
    });
    try {
      const begun = findBegun(kept, name, options, offset);
      await home.reservation?.take(Math.max(size ?? 0, offset));
      const parts = begun ? cut(begun, offset, home) : [];
      kept.set(name, { path, size, parts });
      upload = new MemoryUpload(
        {
          reservation: home.reservation,
          reserve: (bytes) => {
            home.reserve(bytes);
          },
          keep: (rest) => kept.set(name, { path, size, parts: rest }),
          commit: async (...call) => {
            const done = await home.commit(...call);
            kept.set(name, { path, size, parts: [], done });
            return done;
          },
          onEnd: () => {
            lease.release();
          },
          forget: () => kept.delete(name),
        },
        parts,
      );
    } catch (error) {
      lease.release();
      throw error;
    }
    if (lease.isRevoked) upload.fence();
    return upload;
  }

  /**
   * Looks how far an upload is.
   *
   * @param key - the upload
   * @param digest - whether its digest is wanted
   * @returns how far it is
   * @throws StoreError `not-found`
   */
  async find(key: UploadKey, digest: boolean): Promise<ResumePoint> {
    const name = memoryUploadName(key);
    const lease = await this.#leases.acquire(name, () => undefined);
    lease.release();
    const upload = this.#keptBy(key).get(name);
    if (!upload) throw new StoreError('not-found', 'There is no such upload');
    if (upload.done) return { offset: upload.done.size, done: upload.done };
    const hash = createHash('sha256');
    for (const part of upload.parts) hash.update(part);
    const offset = upload.parts.reduce((sum, part) => sum + part.length, 0);
    return digest ? { offset, sha256: hash.digest() } : { offset };
  }

  #keptBy({ owner }: UploadKey): KeptUploads {
    const name = Buffer.from(owner).toString('hex');
    const kept = this.#owners.get(name) ?? new Map<string, KeptUpload>();
    this.#owners.set(name, kept);
    return kept;
  }
}

/** The upload that goes on; nothing when it begins. */
function findBegun(
  uploads: KeptUploads,
  name: string,
  { path, size }: UploadOptions,
  offset: number,
): KeptUpload | undefined {
  const upload = uploads.get(name);
  if (!upload) {
    if (offset > 0) throw new StoreError('not-found', 'There is no such upload');
    makeRoom(uploads);
    return undefined;
  }
  if (upload.done || upload.path !== path || upload.size !== size) {
    throw new StoreError('conflict', 'The upload is finished, or is of another file');
  }
  if (offset > Buffer.concat(upload.parts).length) {
    throw new StoreError('bad-range', 'Less of the upload is there');
  }
  return upload;
}

/** The bytes on which an upload goes on. */
function cut({ parts }: KeptUpload, offset: number, home: MemoryUploadHome): readonly Uint8Array[] {
  const whole = Buffer.concat(parts);
  home.reserve(offset - whole.length);
  return [whole.subarray(0, offset)];
}

/** Bounds what an owner keeps: finished uploads are forgotten, unfinished ones are not. */
function makeRoom(uploads: KeptUploads): void {
  const finished = [...uploads].filter(([, { done }]) => done);
  if (uploads.size - finished.length >= maximumUnfinished) {
    throw new StoreError('busy', `There are ${maximumUnfinished} unfinished uploads already`);
  }
  const surplus = Math.max(finished.length - rememberedUploads, 0);
  for (const [name] of finished.slice(0, surplus)) uploads.delete(name);
}

/**
 * @param key - an upload
 * @returns what stands for it among all others
 */
export function memoryUploadName({ owner, id }: UploadKey): string {
  return [owner, id].map((bytes) => Buffer.from(bytes).toString('hex')).join('/');
}
