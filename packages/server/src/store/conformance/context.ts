import { createHash } from 'node:crypto';

import { parsePath, type Entry, type RemotePath, type StoredFile } from '@e2eeftp/protocol';
import type { TestFramework } from '@e2eeftp/transport/conformance';

import type {
  CommitOptions,
  ListOptions,
  OverwritePolicy,
  ResumePoint,
  Store,
  Upload,
  UploadKey,
} from '../store.js';

/** An empty store of its own for a test. */
export interface StoreFixture {
  readonly store: Store;
  /** Frees whatever the store was made with; the store is closed before. */
  readonly dispose?: (() => Promise<void>) | undefined;
}

/** What each part of the suite is given. */
export interface SuiteContext {
  readonly framework: TestFramework;
  /**
   * Defines a test.
   *
   * @param name - what must hold
   * @param run - the test, with a store of its own
   */
  readonly check: (name: string, run: (store: StoreProbe) => Promise<void>) => void;
}

/** How far an upload is, in a form that can be compared. */
export interface FoundUpload extends Omit<ResumePoint, 'sha256'> {
  /** In hexadecimal. */
  readonly sha256?: string;
}

/** A store, with what tests do with it all the time in one call each. */
export class StoreProbe {
  readonly store: Store;

  /** @param store - an empty store */
  constructor(store: Store) {
    this.store = store;
  }

  /**
   * @param path - where the file will be
   * @param content - its bytes, or a text
   * @param options - how to commit it; by default it replaces what is there
   * @returns the file as stored
   */
  async put(
    path: string,
    content: Uint8Array | string,
    options: Partial<CommitOptions> = {},
  ): Promise<StoredFile> {
    const bytes = bytesOf(content);
    const { length: size } = bytes;
    const upload = await this.store.createUpload({ path: parsePath(path), size });
    try {
      await upload.write([bytes]);
      return await upload.commit({ overwrite: 'always', ...options });
    } finally {
      await upload.discard();
    }
  }

  /**
   * @param path - where the file will be
   * @param key - what the upload is called
   * @param offset - where it goes on
   * @param size - bytes that the file will have; by default it does not say
   * @returns the upload
   */
  resume(path: string, key: UploadKey, offset = 0, size?: number): Promise<Upload> {
    const resumable = { ...key, offset };
    return this.store.createUpload({ path: parsePath(path), size, resumable });
  }

  /**
   * @param key - an upload
   * @returns how far it is, with the digest of that
   */
  async find(key: UploadKey): Promise<FoundUpload> {
    const { sha256, ...rest } = await this.store.findUpload(key, { digest: true });
    return { ...rest, ...(sha256 && { sha256: Buffer.from(sha256).toString('hex') }) };
  }

  /**
   * @param path - a file
   * @param offset - the first byte
   * @param length - how many; by default all that follow
   * @returns the bytes
   */
  async get(path: string, offset = 0, length?: number): Promise<Uint8Array> {
    const reader = await this.store.open(parsePath(path));
    try {
      const chunks: Uint8Array[] = [];
      const rest = reader.file.size - offset;
      // A chunk is valid until the next is asked for only.
      for await (const chunk of reader.read(offset, length ?? rest)) {
        chunks.push(Uint8Array.from(chunk));
      }
      return Buffer.concat(chunks);
    } finally {
      await reader.close();
    }
  }

  /**
   * @param path - a file of UTF-8
   * @returns its text
   */
  async getText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.get(path));
  }

  /**
   * @param path - any path
   * @returns what is there
   */
  stat(path: string): Promise<Entry> {
    return this.store.stat(parsePath(path));
  }

  /**
   * @param path - a folder
   * @param options - which part of it; by default all that is directly in it
   * @returns its entries
   */
  async list(path: string, options: Partial<ListOptions> = {}): Promise<Entry[]> {
    const entries: Entry[] = [];
    const listing = this.store.list(parsePath(path), { recursive: false, ...options });
    for await (const entry of listing) entries.push(entry);
    return entries;
  }

  /**
   * @param path - a folder
   * @param options - which part of it
   * @returns the paths of its entries
   */
  async names(path: string, options: Partial<ListOptions> = {}): Promise<string[]> {
    const entries = await this.list(path, options);
    return entries.map((entry) => entry.path);
  }

  /**
   * @param path - a file or folder
   * @param recursive - whether a folder may go with all that is in it
   * @param etag - the version that is meant; by default any
   */
  delete(path: string, recursive = false, etag?: string): Promise<void> {
    return this.store.delete(parsePath(path), { recursive, etag });
  }

  /**
   * @param from - what is there
   * @param to - where it will be
   * @param overwrite - whether a file there may be replaced
   */
  rename(from: string, to: string, overwrite: OverwritePolicy = 'never'): Promise<void> {
    return this.store.rename(parsePath(from), parsePath(to), overwrite);
  }

  /** @param path - a folder to make */
  makeDirectory(path: string): Promise<void> {
    return this.store.makeDirectory(parsePath(path));
  }
}

/**
 * @param content - bytes, or a text
 * @returns the bytes, those of the text in UTF-8
 */
export function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/**
 * Bytes in which every place can be told from its neighbours, also those a power of two away.
 *
 * @param length - how many
 * @param seed - makes others of them
 * @returns the bytes
 */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  const block = bytes.subarray(0, 65_521);
  let state = seed | 1;
  block.forEach((_, index) => {
    state = (state * 69_069 + 1) % 2 ** 32;
    block[index] = state / 2 ** 24;
  });
  for (let filled = block.length; filled < length; filled *= 2) {
    bytes.copyWithin(filled, 0, filled);
  }
  return bytes;
}

/**
 * @param path - a path known to obey the rules
 * @returns the same
 */
export function at(path: string): RemotePath {
  return parsePath(path);
}

/**
 * The same numbers in every run, so that a failure comes back.
 *
 * @param seed - makes others of them
 * @returns gives the next number, from 0 on and below its argument
 */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * @param id - tells the uploads of an owner apart
 * @param owner - tells the owners apart
 * @returns the upload's key
 */
export function keyOf(id: number, owner = 1): UploadKey {
  return { owner: new Uint8Array(32).fill(owner), id: new Uint8Array(16).fill(id) };
}

/**
 * @param content - bytes
 * @returns what is found of an unfinished upload that has them
 */
export function pointOf(content: Uint8Array): FoundUpload {
  return { offset: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

/**
 * @param upload - an upload
 * @param parts - what to write to it, one after the other
 * @returns the upload
 */
export async function write(
  upload: Promise<Upload>,
  ...parts: readonly (Uint8Array | string)[]
): Promise<Upload> {
  const opened = await upload;
  for (const part of parts) await opened.write([bytesOf(part)]);
  return opened;
}
