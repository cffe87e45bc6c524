import type { FileFacts } from './local-file.js';

/** A target that is ready to be written. */
export interface OpenTarget {
  /** Whether what was written can be thrown away for something else. */
  readonly canStartOver: boolean;
  /**
   * @param parts - what comes next, which must not change afterwards
   * @returns once there is room for more
   */
  write(parts: readonly Uint8Array[]): Promise<void>;
  /**
   * Everything has arrived and is right.
   *
   * @param facts - for files: what they are to have besides their content
   */
  commit(facts?: FileFacts): Promise<void>;
  /** Frees what the target holds; without a commit before, nothing of a file stays. */
  close(): Promise<void>;
}
