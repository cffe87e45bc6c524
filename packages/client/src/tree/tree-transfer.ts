import type { ClientError } from '../errors.js';
import type { OperationOptions, Progress } from '../options.js';
import type { FilterOptions } from './tree-filter.js';

/** How much there is to transfer, as far as somebody has looked ahead. */
export interface TreeSize {
  readonly files: number;
  readonly bytes: number;
  /** Whether that is all; until then, there may be more. */
  readonly isComplete: boolean;
}

/** How far the transfer of a tree is. */
export interface TreeProgress {
  /** Files that are whole at their place. */
  readonly files: number;
  /** Bytes that were sent, or received and verified, also of files that are under way. */
  readonly bytes: number;
  /** The file that has just moved on. */
  readonly current: TreePlace & Progress;
  /** What was found so far, counted ahead of the transfer; some of it may turn out to be skipped. */
  readonly found?: TreeSize | undefined;
}

/** Something in a tree, and its two names. */
export interface TreePlace {
  /** Its path in the local file system. */
  readonly local: string;
  /** Its path in the server's tree, as far as it can have one. */
  readonly remote: string;
}

/**
 * What to do about symbolic links below the root of a local tree: leave them out, or take what they
 * lead to, wherever that is.
 */
export type LinkPolicy = 'skip' | 'follow';

/**
 * Why something of a tree was left out on purpose: it is a symbolic link, which could lead
 * anywhere; it is one that leads in a circle, or the ninth on one way; it is neither file nor folder,
 * such as a socket; or it exists and shall not be replaced.
 */
export type SkipReason = 'symbolic-link' | 'link-loop' | 'special-file' | 'exists';

/** What became of one file or folder of a tree. */
export type TreeOutcome =
  | (TreePlace & { readonly type: 'file'; readonly size: number })
  | (TreePlace & { readonly type: 'directory' })
  | (TreePlace & { readonly type: 'skipped'; readonly reason: SkipReason })
  | (TreePlace & { readonly type: 'failed'; readonly error: ClientError });

/** A file or folder of a tree that was not transferred, and why. */
export type TreeFailure = Extract<TreeOutcome, { type: 'failed' }>;

/** How a tree is transferred. */
export interface TreeOptions extends Pick<OperationOptions, 'signal'>, FilterOptions {
  /** What to do about a file that is there already: replace it (the default), or skip it. */
  readonly overwrite?: 'always' | 'never' | undefined;
  /**
   * Whether files keep their permission bits; by default, the server lets nobody else read them, and
   * local files get those that the system gives to new ones.
   */
  readonly preserveMode?: boolean | undefined;
  /** Whether to change nothing, and only to tell what would become of each file and folder. */
  readonly dryRun?: boolean | undefined;
  /** Files under way at once, so that small ones do not wait for answers; by default 192. */
  readonly concurrency?: number | undefined;
  /**
   * Hears how far the transfer is, about once for every 256 KiB and file. It must not throw. Only
   * when somebody listens is the tree walked or listed a second time, to say how much there is.
   */
  readonly onProgress?: ((progress: TreeProgress) => void) | undefined;
  /**
   * Hears what became of each file and folder, in no particular order. The transfer waits for the
   * promise. It must not throw.
   */
  readonly onOutcome?: ((outcome: TreeOutcome) => void | Promise<void>) | undefined;
}

/** What became of a tree. */
export interface TreeResult {
  /** Files that were transferred. */
  readonly files: number;
  /** Folders that were made, or were there, for their own sake. */
  readonly directories: number;
  /** Bytes of the files that were transferred. */
  readonly bytes: number;
  /** Entries that were left out on purpose. */
  readonly skipped: number;
  /** Entries that should have been transferred and were not. */
  readonly failed: number;
  /** The first of the failures, at most 1,000; `onOutcome` hears of all. */
  readonly failures: readonly TreeFailure[];
}

/** Failures that a result keeps: a peer decides how many there are. */
export const keptFailures = 1000;

/** How many files are under way at once when nobody says otherwise. */
export const defaultConcurrency = 192;
