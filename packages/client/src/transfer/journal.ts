/** What names a transfer: the same in a later run of the same program. */
export interface TransferKey {
  /** Which way the bytes go. */
  readonly direction: 'upload' | 'download';
  /** The server's identity, 32 bytes. */
  readonly server: Uint8Array;
  /** The path in the server's tree. */
  readonly remote: string;
  /** The local path, made absolute. */
  readonly local: string;
}

/** Who began a transfer, so that nobody else goes on with it at the same time. */
export interface TransferOwner {
  /** Names the time since the machine was started. */
  readonly boot: string;
  /** The process. */
  readonly pid: number;
}

/** An upload that was begun. */
export interface UploadRecord extends TransferOwner {
  /** What it is called towards the server, as hexadecimal digits. */
  readonly id: string;
  /** The version of the source. */
  readonly version: string;
}

/**
 * A download that was begun. What was written since the machine was started is still there, flushed
 * or not.
 */
export interface DownloadRecord extends TransferOwner {
  /** The file that has what has come, beside the target. */
  readonly part: string;
  /** Which version of the file on the server it is of. */
  readonly etag: string;
  /** Bytes that the whole file has. */
  readonly size: number;
  /** Bytes that have been flushed to the disk. */
  readonly flushed: number;
}

/**
 * Remembers transfers that were begun and have not ended, so that a later run can go on with them.
 * What it says is advice: everything is checked before it is used.
 */
export interface TransferJournal {
  /**
   * Finds what an earlier run has left.
   *
   * @param key - a transfer
   * @returns what was saved about it
   */
  find(key: TransferKey): Promise<unknown>;
  /**
   * Saves what a later run has to know, in the place of what was saved before.
   *
   * @param key - a transfer
   * @param record - what a later run has to know
   */
  save(key: TransferKey, record: UploadRecord | DownloadRecord): Promise<void>;
  /**
   * Forgets a transfer.
   *
   * @param key - a transfer that has ended
   */
  forget(key: TransferKey): Promise<void>;
}
