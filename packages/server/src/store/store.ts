import type { Entry, RemotePath, StoredFile } from '@e2eeftp/protocol';

import type { PathLocking } from './path-locks.js';
import type { Quota } from './usage/usage.js';

/** When a file may be replaced: always, never, or only while it has the given etag. */
export type OverwritePolicy = 'always' | 'never' | { readonly etag: string };

/** Names an upload that can be resumed. No two identities share one. */
export interface UploadKey {
  /** The identity that began it, 32 bytes. */
  readonly owner: Uint8Array;
  /** What it calls the upload, 16 bytes. */
  readonly id: Uint8Array;
}

/** What a change of the tree depends on. */
export interface ChangeOptions {
  /**
   * In a vault: the number of the keyring that the client takes for the one in force. Only those
   * who know vaults look at it.
   */
  readonly keyring?: number | undefined;
}

/** What an upload will become. */
export interface UploadOptions extends ChangeOptions {
  /** Where the file will be. */
  readonly path: RemotePath;
  /** Bytes that the file will have, when known: lets a store refuse early what will not fit. */
  readonly size?: number | undefined;
  /** Keeps what arrives when it is suspended; without it, nothing can go on with the upload. */
  readonly resumable?: ResumableUpload | undefined;
  /** What the upload counts against, as long as it is one; by default nothing. */
  readonly quota?: Quota | undefined;
}

/** An upload that can be resumed, and where it goes on. */
export interface ResumableUpload extends UploadKey {
  /**
   * Bytes of it that are kept. What lies behind them is cut off; with 0 the upload is begun anew,
   * when there is none already.
   */
  readonly offset: number;
}

/** How to look at an upload. */
export interface FindUploadOptions {
  /** Whether to read its bytes back for their digest. */
  readonly digest: boolean;
  /** Ends the reading when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

/** How far an upload is. */
export interface ResumePoint {
  /** Bytes that are durable. */
  readonly offset: number;
  /** Their SHA-256 as read back from where they are stored, 32 bytes, when it was asked for. */
  readonly sha256?: Uint8Array | undefined;
  /** The file as stored, when the upload is finished. */
  readonly done?: StoredFile | undefined;
}

/** How an upload becomes a file. */
export interface CommitOptions {
  /** What to do about a file that is there already, decided in the same step as replacing it. */
  readonly overwrite: OverwritePolicy;
  /**
   * Milliseconds since 1970; by default the time of the commit. What the store cannot hold becomes
   * the nearest time that it can.
   */
  readonly mtime?: number | undefined;
  /**
   * Permission bits, up to 0o777; by default those that the store gives. Its owner, the server, may
   * read and write every file, whatever they say.
   */
  readonly mode?: number | undefined;
  /** Says that nobody waits for the file any more: then it gets no place, if it has none yet. */
  readonly signal?: AbortSignal | undefined;
}

/** Permissions that every stored file has: without them, the server could not serve it. */
export const ownerMode = 0o600;

/**
 * A file on its way into a store. Nobody sees it before it is committed.
 *
 * The first of {@link Upload.commit}, {@link Upload.discard} and {@link Upload.suspend} ends it;
 * each does nothing after another, so that it can stand in a `finally`.
 */
export interface Upload {
  /** Bytes that the file has so far, those of an earlier part of the upload included. */
  readonly size: number;
  /**
   * Appends bytes, which the store may keep: they must not change afterwards.
   *
   * @param parts - the bytes in pieces
   * @returns once the store can take more; not when they are stored
   * @throws StoreError `no-space`, `too-large` or `io`; `conflict` when somebody else has gone on
   *   with the upload
   */
  write(parts: readonly Uint8Array[]): Promise<void>;
  /**
   * Reads back what was written, from where it is stored.
   *
   * @returns its SHA-256, 32 bytes
   * @throws StoreError `io`, or `conflict` when somebody else has gone on with the upload
   */
  sha256(): Promise<Uint8Array>;
  /**
   * Makes the file visible, whole and at once, after it and its folder are durable.
   *
   * @param options - what to do about a file that is there already
   * @returns the file as stored
   * @throws StoreError `conflict` when the policy says so, a folder is in the place or somebody
   *   else has gone on with the upload, `no-space` or `io`; then the tree is as it was, but for
   *   folders made on the way, and an upload that can be resumed is suspended. Where the disk
   *   fails only behind the moment when the file got its place, it is there, whole, and such an
   *   upload is found to be done
   */
  commit(options: CommitOptions): Promise<StoredFile>;
  /** Gives the upload up and frees what it holds. */
  discard(): Promise<void>;
  /** Stops, and keeps what has come when the upload can be resumed; otherwise discards it. */
  suspend(): Promise<void>;
}

/** A small file that is stored together with others. */
export interface NewFile extends Omit<CommitOptions, 'signal'> {
  /** Where the file will be. */
  readonly path: RemotePath;
  /** All of it, which must not change meanwhile. */
  readonly bytes: Uint8Array;
}

/** How small files are stored. */
export interface StoreFilesOptions extends ChangeOptions {
  /** What they count against; by default nothing. */
  readonly quota?: Quota | undefined;
  /** Says that nobody waits for the files any more: those that have no place yet get none. */
  readonly signal?: AbortSignal | undefined;
}

/** A small file that was read whole. */
export interface WholeFile {
  readonly file: StoredFile;
  readonly bytes: Uint8Array;
}

/** How much may be read at once. */
export interface ReadFilesLimits {
  /** Bytes of a file. */
  readonly fileSize: number;
  /** Bytes of all of them. */
  readonly total: number;
}

/** A file open for reading: the version that it was when opened, whatever happens to its name. */
export interface StoredFileReader {
  /** The file. */
  readonly file: StoredFile;
  /**
   * Reads a range.
   *
   * @param offset - the first byte
   * @param length - how many bytes; the caller asks for no more than there are
   * @returns the bytes in chunks of the store's choice. Each is valid until the next is asked
   *   for, so that a store can fill the same memory again; they are not to be written to
   * @throws StoreError `io`, also when the file turns out shorter than it was
   */
  read(offset: number, length: number): AsyncIterable<Uint8Array>;
  /** Frees what the reader holds. */
  close(): Promise<void>;
}

/** Which part of a folder to list. */
export interface ListOptions {
  /** Whether to list what is below its folders too, each folder before what is in it. */
  readonly recursive: boolean;
  /** The last entry of the page before; by default the listing starts at the beginning. */
  readonly after?: RemotePath | undefined;
}

/** What to remove. */
export interface DeleteOptions extends ChangeOptions {
  /** Whether a folder may go with all that is in it. */
  readonly recursive: boolean;
  /** The version to remove, decided in the same step as removing it; by default any. */
  readonly etag?: string | undefined;
}

/**
 * Where a server keeps files: the seam between it and a disk, memory or an object store.
 *
 * Paths are those of the protocol's tree and have passed the path rules. The tree has two
 * branches, `received` and `vaults`, which always exist; nothing else can be made beside them,
 * and they and the root can neither be written, renamed nor deleted (`not-allowed`). A file is
 * whole or absent. What one call made durable, no later failure takes back. Every call that is
 * acknowledged is in force for every call that begins afterwards.
 *
 * The suite exported from `@e2eeftp/server/store-conformance` says what an implementation must do.
 */
export interface Store {
  /**
   * Turns for whoever decides about a change by more than the change itself looks at. All that use
   * the same files take them here, in whichever process they are. The store's own calls may be made
   * within a turn, since they wait for none whose paths begin with `.e2eeftp/vaults`.
   */
  readonly locks: PathLocking;
  /**
   * The etag of a file holds until the file changes. That of a folder changes with every change
   * among its children; while the last one is recent, it may be another one at each look.
   *
   * @param path - any path
   * @returns what is there, its path as given
   * @throws StoreError `not-found`
   */
  stat(path: RemotePath): Promise<Entry>;
  /**
   * Lists a folder in the order of `comparePaths`, reading ahead no further than it is consumed,
   * roughly.
   *
   * @param path - the folder
   * @param options - which part of it
   * @returns its entries, their paths relative to it
   * @throws StoreError `not-found` when it is no folder
   */
  list(path: RemotePath, options: ListOptions): AsyncIterable<Entry>;
  /**
   * @param path - the file
   * @returns the file, open; the caller closes it
   * @throws StoreError `not-found` when it is no file
   */
  open(path: RemotePath): Promise<StoredFileReader>;
  /**
   * Begins a file. Missing folders are made when it is committed.
   *
   * Whoever still writes the same upload is fenced off before: it can append nothing more.
   *
   * @param options - what it will become
   * @returns the upload, which the caller commits, discards or suspends
   * @throws StoreError `not-allowed` or `conflict` when no file can be at this path, or the upload
   *   is finished or another one than the key says; `not-found` and `bad-range` when it cannot go
   *   on there; `no-space`, `too-large`, `busy`
   */
  createUpload(options: UploadOptions): Promise<Upload>;
  /**
   * Stores small files, each as an upload of its own would be: what becomes of one says nothing of
   * the others. It is for many of them, where one at a time takes too long.
   *
   * @param files - the files, no two at one path
   * @param options - whom they count against, and a signal
   * @returns for each, the file as stored, or the StoreError that {@link Store.createUpload},
   *   {@link Upload.write} or {@link Upload.commit} would throw
   * @throws StoreError `no-space` when there is surely no room for all of them
   */
  storeFiles(
    files: readonly NewFile[],
    options: StoreFilesOptions,
  ): Promise<readonly PromiseSettledResult<StoredFile>[]>;
  /**
   * Reads small files whole.
   *
   * @param paths - which
   * @param limits - how much may be read at once
   * @returns for each, the file with its bytes, or the StoreError that {@link Store.open} would throw;
   *   `too-large` for one that goes beyond the limits
   */
  readFiles(
    paths: readonly RemotePath[],
    limits: ReadFilesLimits,
  ): Promise<readonly PromiseSettledResult<WholeFile>[]>;
  /**
   * Looks how far an upload is. Whoever still writes it is fenced off before.
   *
   * @param key - the upload
   * @param options - whether to read its bytes back for their digest, and until when
   * @returns how far it is
   * @throws StoreError `not-found`; `conflict` when somebody else goes on with it meanwhile
   */
  findUpload(key: UploadKey, options: FindUploadOptions): Promise<ResumePoint>;
  /**
   * @param path - a file or folder
   * @param options - which version of it, and whether a folder may go with all that is in it
   * @throws StoreError `not-found`, `conflict` for a folder that is not empty or another version,
   *   `not-allowed`
   */
  delete(path: RemotePath, options: DeleteOptions): Promise<void>;
  /**
   * Gives a file or folder another name within its branch. Missing folders are made.
   *
   * @param from - what is there
   * @param to - where it will be; a folder is never replaced, and never moved into itself
   * @param overwrite - whether a file there may be replaced
   * @param options - what it depends on
   * @throws StoreError `not-found`, `conflict`, `not-allowed` (also between branches)
   */
  rename(
    from: RemotePath,
    to: RemotePath,
    overwrite: OverwritePolicy,
    options?: ChangeOptions,
  ): Promise<void>;
  /**
   * Gives a file other permissions. Its content stays, but its etag may become another one.
   *
   * @param path - the file
   * @param mode - permission bits, up to 0o777; the owner may read and write it, whatever they say
   * @returns the file as it is then
   * @throws StoreError `not-found` when it is no file, `not-allowed`
   */
  setMode(path: RemotePath, mode: number): Promise<StoredFile>;
  /**
   * Makes a folder and those above it. One that exists is fine.
   *
   * @param path - the folder
   * @param options - what it depends on
   * @throws StoreError `conflict` when a file is in the way, `not-allowed`
   */
  makeDirectory(path: RemotePath, options?: ChangeOptions): Promise<void>;
  /**
   * Counts the bytes below a client's home, below `vaults`, and of the unfinished uploads to there:
   * what a {@link Quota} bounds. What other programs have done may show a minute late.
   *
   * @param home - the folder that is the client's `received`
   * @returns how many there are
   */
  used(home: RemotePath): Promise<number>;
  /** Frees what the store holds. Calls under way end first. */
  close(): Promise<void>;
}
