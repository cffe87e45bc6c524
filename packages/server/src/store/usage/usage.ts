import type { RemotePath } from '@e2eeftp/protocol';

/** How many bytes a client may have. */
export interface Quota {
  /**
   * The folder that is the client's `received`. What is in it counts, and what is in `vaults`: all
   * that the client can see, whoever has put it there.
   */
  readonly home: RemotePath;
  /** So many. */
  readonly bytes: number;
}

/** Room that an upload needs. */
export interface Claim {
  /** Stands for the upload among all others. */
  readonly upload: string;
  /** Where the file will be. */
  readonly path: RemotePath;
  /** Bytes of the upload, those that have come included. */
  readonly bytes: number;
  /** Bytes of the file that is there now, and will be gone. */
  readonly replaced: number;
  readonly quota: Quota;
  /** Whether to look for room that other programs have made, before the upload is refused. */
  readonly mayCount: boolean;
}

/** What is left of an upload that nobody writes any more. */
export interface KeptUpload {
  /** Where the file will be. */
  readonly path: RemotePath;
  /** Bytes that are kept. */
  readonly bytes: number;
}

/** Something that was done to the tree. */
export interface Change {
  /** Where; the root stands for all there is. */
  readonly path: RemotePath;
  /** How many bytes there are more; below zero when they are fewer, absent when nobody knows. */
  readonly bytes?: number | undefined;
  /** What {@link Usage.clock} said before the change was begun. */
  readonly since: number;
  /** The upload that has become a file by it. */
  readonly upload?: string | undefined;
}

/**
 * Keeps count of the bytes that clients with a quota have, for all processes that use a store.
 *
 * A folder is counted when a quota first asks for it, while others go on changing the tree; from
 * then on the changes are added up. What happens to the disk by other hands is noticed when it is
 * counted again, which is done before somebody is refused.
 */
export interface Usage {
  /**
   * A time that goes on with each count. It may be behind, never ahead: a change that is told with
   * it counts in full if no count has ended since, and otherwise only if it takes room, since the
   * count may have seen it or not. Where nobody has a quota it is 0.
   */
  readonly clock: number;
  /**
   * Sets room aside for an upload, instead of what was set aside for the same one before.
   *
   * @param claim - which upload, and how much
   * @returns whether there was room; otherwise all is as it was. More may be set aside than the
   *   quota allows when the claim is for no more than before
   */
  reserve(claim: Claim): Promise<boolean>;
  /**
   * Tells that nobody writes an upload any more.
   *
   * @param upload - what was claimed for, or not
   * @param kept - what is left of it; nothing by default
   */
  uploadEnded(upload: string, kept?: KeptUpload): void;
  /**
   * Tells that the process that has written an upload is gone.
   *
   * @param upload - what was claimed for
   */
  uploadLost(upload: string): void;
  /**
   * Tells of a change, once it has been made and before others may change the same.
   *
   * @param change - what
   */
  changed(change: Change): void;
  /**
   * Asks whether a change of a folder needs to be told with its bytes, which takes time to count.
   *
   * @param from - where the folder is
   * @param to - where it will be; absent when it goes
   * @returns whether it goes over a border: something is counted that has one of the places in it,
   *   and not the other
   */
  isBorder(from: RemotePath, to?: RemotePath): Promise<boolean>;
  /**
   * @param home - the folder that is a client's `received`
   * @returns bytes that count against its quota
   */
  used(home: RemotePath): Promise<number>;
}
