import type { StoreCoordination } from './coordination.js';
import type { FolderAccess } from './folder.js';
import type { StoreLimits } from './store-limits.js';

/** Where and how a `FileStore` keeps its files. */
export interface FileStoreOptions {
  /**
   * The data directory; it is made when it is missing. One process uses it at a time, which its
   * owner sees to.
   */
  readonly directory: string;
  /**
   * Whether an acknowledged change survives a loss of power (`full`, the default), or only the end
   * of the process (`relaxed`), which is faster.
   */
  readonly durability?: 'full' | 'relaxed' | undefined;
  /** Milliseconds after its last byte that an unfinished upload is kept; by default a day. */
  readonly uploadLifetime?: number | undefined;
  /** What the store holds its users to, where it differs from the default. */
  readonly limits?: Partial<StoreLimits> | undefined;
  /**
   * Set in a process that uses a directory together with others: what they have to agree upon. One
   * of them has opened the directory before, without this.
   */
  readonly coordination?: StoreCoordination | undefined;
  /**
   * Threads that small files are read and written in, at most; by default 4. With 0 it happens in the
   * caller's thread, for programs that cannot start others.
   */
  readonly threads?: number | undefined;
  /** Milliseconds that a folder stays open behind its last use; by default 200. */
  readonly keepFolders?: number | undefined;
  /** How folders are reached; by default by descriptors where the system has them. */
  readonly access?: FolderAccess | undefined;
}
