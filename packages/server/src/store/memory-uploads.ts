import { createHash } from 'node:crypto';

import type { StoredFile } from '@e2eeftp/protocol';

import { MemoryUpload, type MemoryUploadHome } from './memory-upload.js';
import { StoreError } from './store-error.js';
import type { ResumableUpload, ResumePoint, UploadKey, UploadOptions } from './store.js';
import { Leases } from './uploads/leases.js';

interface KeptUpload extends Pick<UploadOptions, 'path' | 'size'> {
  readonly parts: readonly Uint8Array[];
  readonly done?: StoredFile;
}

/** Uploads in memory that can be resumed. They are kept as long as the store. */
export class MemoryUploads {
  readonly #kept = new Map<string, KeptUpload>();
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
    const name = nameOf(resumable);
    const { path, size } = options;
    let upload: MemoryUpload | undefined;
    const lease = await this.#leases.acquire(name, () => {
      upload?.fence();
    });
    try {
      const { offset } = resumable;
      const parts = this.#partsOf(name, options, offset, home);
      this.#kept.set(name, { path, size, parts });
      upload = new MemoryUpload(
        {
          reserve: (bytes) => {
            home.reserve(bytes);
          },
          keep: (kept) => this.#kept.set(name, { path, size, parts: kept }),
          commit: async (...call) => {
            const done = await home.commit(...call);
            this.#kept.set(name, { path, size, parts: [], done });
            return done;
          },
          onEnd: () => {
            lease.release();
          },
          forget: () => this.#kept.delete(name),
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
    const name = nameOf(key);
    const lease = await this.#leases.acquire(name, () => undefined);
    lease.release();
    const kept = this.#kept.get(name);
    if (!kept) throw new StoreError('not-found', 'There is no such upload');
    if (kept.done) return { offset: kept.done.size, done: kept.done };
    const hash = createHash('sha256');
    for (const part of kept.parts) hash.update(part);
    const offset = kept.parts.reduce((sum, part) => sum + part.length, 0);
    return digest ? { offset, sha256: hash.digest() } : { offset };
  }

  #partsOf(
    name: string,
    { path, size }: UploadOptions,
    offset: number,
    home: MemoryUploadHome,
  ): readonly Uint8Array[] {
    const kept = this.#kept.get(name);
    if (!kept) {
      if (offset > 0) throw new StoreError('not-found', 'There is no such upload');
      return [];
    }
    if (kept.done || kept.path !== path || kept.size !== size) {
      throw new StoreError('conflict', 'The upload is finished, or is of another file');
    }
    const whole = Buffer.concat(kept.parts);
    if (offset > whole.length) throw new StoreError('bad-range', 'Less of the upload is there');
    home.reserve(offset - whole.length);
    return [whole.subarray(0, offset)];
  }
}

function nameOf({ owner, id }: UploadKey): string {
  return [owner, id].map((bytes) => Buffer.from(bytes).toString('hex')).join('/');
}
