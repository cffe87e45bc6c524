/** What a store holds those who use it to. */
export interface StoreLimits {
  /**
   * Entries of one folder. It holds for what comes through the server, all its processes together;
   * what other programs add counts from the next time that the folder is counted, at the latest a
   * minute later (longer where counting takes longer than 60 ms). While uploads end in a folder
   * that is counted at that moment, as many as they are may be refused too early, for a second.
   */
  readonly directorySize: number;
  /**
   * Files that one process has open at once to read and write them. Who comes when all are in use
   * waits a few seconds, and is then told that the store is busy.
   */
  readonly openFiles: number;
}

/**
 * What a store allows when its owner says nothing else. A folder's names are read whole to list it: for
 * 100,000 entries the process takes less than 200 MiB of memory, for a million 600.
 */
export const defaultStoreLimits: StoreLimits = {
  directorySize: 100_000,
  openFiles: Infinity,
};
