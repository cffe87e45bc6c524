import type {
  LinkPolicy,
  TreeOptions,
  TreeOutcome,
  TreePlace,
  TreeResult,
} from '../tree/tree-transfer.js';

/** What became of one file or folder of two trees that are made equal. */
export type SyncOutcome =
  | TreeOutcome
  | (TreePlace & { readonly type: 'removed' })
  | (TreePlace & {
      /** The file was equal, and got other permissions. */
      readonly type: 'permissions';
      /** Its permission bits. */
      readonly mode: number;
    });

/** How two trees are made equal. */
export interface SyncOptions extends Omit<TreeOptions, 'onOutcome' | 'overwrite'> {
  /**
   * Whether files of the same size are compared by their content, which both sides have to read; by
   * default they are equal when their times are.
   */
  readonly checksum?: boolean | undefined;
  /** Whether what the source does not have is removed from the target. */
  readonly delete?: boolean | undefined;
  /** Whether more than half of what the target has may be removed. */
  readonly force?: boolean | undefined;
  /** Hears what became of each file and folder that was not equal already. It must not throw. */
  readonly onOutcome?: ((outcome: SyncOutcome) => void | Promise<void>) | undefined;
}

/** How a remote tree is made equal to a local one. */
export interface SyncUpOptions extends SyncOptions {
  /** What to do about symbolic links below the local folder; by default they are left out. */
  readonly links?: LinkPolicy | undefined;
}

/** What became of two trees. */
export interface SyncResult extends TreeResult {
  /** Files that were equal already. */
  readonly unchanged: number;
  /** Files that were equal but for their permissions, and got those of the source. */
  readonly permissions: number;
  /** Files and folders that were removed from the target. */
  readonly removed: number;
  /** Those that would have been, had nothing failed before. */
  readonly spared: number;
}
