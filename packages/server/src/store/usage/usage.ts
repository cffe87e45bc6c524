/** Bytes that are set aside for an upload. */
export interface Reservation {
  /**
   * Sets more aside.
   *
   * @param bytes - how many there are to be in all
   * @throws StoreError `no-space` when the quota does not allow it
   */
  grow(bytes: number): Promise<void>;
  /** Frees them: the upload has ended, and what is stored of it is counted instead. */
  release(): void;
}

/** How many bytes clients may have, and below which folder they count. */
export interface Quota {
  /** The folder. */
  readonly root: string;
  /** Bytes of all files below it, and of all uploads to there. */
  readonly bytes: number;
}

/**
 * Counts the bytes below folders for which there is a quota. What other programs do to the folders
 * is noticed late: at the next start, or before an upload is refused.
 */
export interface Usage {
  /**
   * @param root - a folder
   * @returns bytes of what is below it, and of uploads to there
   */
  used(root: string): Promise<number>;
  /**
   * Sets bytes aside for an upload, unless that would exceed its quota.
   *
   * @param quota - the quota
   * @param bytes - how many
   * @returns the reservation, which the caller releases
   * @throws StoreError `no-space`
   */
  reserve(quota: Quota, bytes: number): Promise<Reservation>;
  /**
   * Tells of bytes that came or went.
   *
   * @param path - where
   * @param delta - how many; negative when they went
   */
  changed(path: string, delta: number): void;
}
