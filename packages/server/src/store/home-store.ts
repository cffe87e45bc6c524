import {
  joinPath,
  parsePath,
  ProtocolError,
  type Entry,
  type RemotePath,
  type StoredFile,
} from '@e2eeftp/protocol';

import { eachAccepted } from './each-file.js';
import type { PathLocking } from './path-locks.js';
import { listRoot } from './root-listing.js';
import { StoreError } from './store-error.js';
import type {
  ChangeOptions,
  DeleteOptions,
  FindUploadOptions,
  ListOptions,
  NewFile,
  OverwritePolicy,
  ReadFilesLimits,
  ResumePoint,
  Store,
  StoredFileReader,
  StoreFilesOptions,
  Upload,
  UploadKey,
  UploadOptions,
  WholeFile,
} from './store.js';
import {
  branches,
  componentsOf,
  isBranch,
  requireChangeable,
  requireRenamable,
  requireWritable,
} from './tree.js';
import type { Quota } from './usage/usage.js';

const [received] = branches;

/** How a client sees the files. */
export interface HomeOptions {
  /** The folder that is its `received`; by default that itself. */
  readonly home?: RemotePath | undefined;
  /** Bytes that it may have; by default as many as there is room for. */
  readonly quota?: number | undefined;
}

/**
 * Finds where something is among all files.
 *
 * @param path - where a client has it
 * @param client - the client, with the folder that is its `received`
 * @returns its path in the whole tree
 * @throws ProtocolError `bad-path` when that breaks the path rules
 */
export function treePath(
  path: RemotePath,
  { home }: { readonly home?: RemotePath | undefined },
): RemotePath {
  const [branch, ...below] = componentsOf(path);
  return home === undefined || branch !== received ? path : joinPath(home, below.join('/'));
}

/**
 * A store as a client sees it whose `received` is a folder of its own: everything else there does
 * not exist for it, and the folder can as little be changed as `received` itself. Its uploads count
 * against its quota, where it has one.
 */
export class HomeStore implements Store {
  readonly #store: Store;
  readonly #home: RemotePath;
  readonly #quota: Quota | undefined;

  private constructor(store: Store, home: RemotePath, quota: number | undefined) {
    this.#store = store;
    this.#home = home;
    this.#quota = quota === undefined ? undefined : { home, bytes: quota };
  }

  /**
   * @param store - all files
   * @param options - the client's folder, which is made when it is missing, and its quota
   * @returns the client's view
   * @throws StoreError when the folder cannot be made
   */
  static async open(store: Store, options: HomeOptions): Promise<HomeStore> {
    const { home = parsePath(received), quota } = options;
    await store.makeDirectory(home);
    return new HomeStore(store, home, quota);
  }

  get locks(): PathLocking {
    return this.#store.locks;
  }

  async stat(path: RemotePath): Promise<Entry> {
    if (path === received) await this.#restoreHome();
    return { ...(await this.#store.stat(this.#inside(path))), path };
  }

  async *list(path: RemotePath, options: ListOptions): AsyncGenerator<Entry, void> {
    if (path === '') return yield* listRoot(this, options);
    if (path === received) await this.#restoreHome();
    yield* this.#store.list(this.#inside(path), options);
  }

  open(path: RemotePath): Promise<StoredFileReader> {
    return this.#checked(() => {
      requireNoBranch(path);
      return this.#store.open(this.#inside(path));
    });
  }

  createUpload(options: UploadOptions): Promise<Upload> {
    return this.#checked(() => {
      requireWritable(options.path);
      const path = this.#inside(options.path);
      return this.#store.createUpload({ ...options, path, quota: this.#quotaOf(options) });
    });
  }

  storeFiles(
    files: readonly NewFile[],
    options: StoreFilesOptions,
  ): Promise<readonly PromiseSettledResult<StoredFile>[]> {
    const inside = (file: NewFile): NewFile => {
      requireWritable(file.path);
      return { ...file, path: this.#inside(file.path) };
    };
    const whole = { ...options, quota: this.#quotaOf(options) };
    return eachAccepted(files, inside, (placed) => this.#store.storeFiles(placed, whole));
  }

  readFiles(
    paths: readonly RemotePath[],
    limits: ReadFilesLimits,
  ): Promise<readonly PromiseSettledResult<WholeFile>[]> {
    const inside = (path: RemotePath): RemotePath => {
      requireNoBranch(path);
      return this.#inside(path);
    };
    return eachAccepted(paths, inside, (placed) => this.#store.readFiles(placed, limits));
  }

  findUpload(key: UploadKey, options: FindUploadOptions): Promise<ResumePoint> {
    return this.#store.findUpload(key, options);
  }

  delete(path: RemotePath, options: DeleteOptions): Promise<void> {
    return this.#checked(() => {
      requireChangeable(path);
      return this.#store.delete(this.#inside(path), options);
    });
  }

  rename(
    from: RemotePath,
    to: RemotePath,
    overwrite: OverwritePolicy,
    options?: ChangeOptions,
  ): Promise<void> {
    return this.#checked(() => {
      requireRenamable(from, to);
      return this.#store.rename(this.#inside(from), this.#inside(to), overwrite, options);
    });
  }

  setMode(path: RemotePath, mode: number): Promise<StoredFile> {
    return this.#checked(() => {
      requireChangeable(path);
      return this.#store.setMode(this.#inside(path), mode);
    });
  }

  makeDirectory(path: RemotePath, options?: ChangeOptions): Promise<void> {
    return this.#checked(() => this.#store.makeDirectory(this.#inside(path), options));
  }

  used(home: RemotePath): Promise<number> {
    return this.#checked(() => this.#store.used(this.#inside(home)));
  }

  /** The store belongs to whoever opened it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #quotaOf({ quota }: Pick<UploadOptions, 'quota'>): Quota | undefined {
    return this.#quota ?? (quota && { ...quota, home: this.#inside(quota.home) });
  }

  /** Who sees the folder among others may have removed it; for the client, it always exists. */
  #restoreHome(): Promise<void> {
    return this.#store.makeDirectory(this.#home);
  }

  #inside(path: RemotePath): RemotePath {
    try {
      return treePath(path, { home: this.#home });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new StoreError('too-large', 'The path is too long below its home', { cause: error });
    }
  }

  async #checked<Result>(call: () => Promise<Result>): Promise<Result> {
    return call();
  }
}

/** Whoever sees the folder among others may have put a file in its place. */
function requireNoBranch(path: RemotePath): void {
  if (isBranch(path)) throw new StoreError('not-found', 'There is no file');
}
