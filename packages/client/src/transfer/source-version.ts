import type { FileFacts } from '@e2eeftp/file-io';

/** Within so many nanoseconds, a further change may leave the same time stamps. */
const settlingTime = 1_000_000_000n;

/** Which version of a file somebody has seen. */
export interface SourceVersion {
  /** Differs between any two versions, unless it is not settled. */
  readonly name: string;
  /**
   * Whether every later change shows in the name. The last change was so recent otherwise that
   * another one could leave the same time stamps.
   */
  readonly isSettled: boolean;
}

/**
 * @param stats - what the file system says of a file
 * @returns its version
 */
export function versionOf({
  dev,
  ino,
  size,
  mtimeNs,
  ctimeNs,
}: Omit<FileFacts, 'isFile' | 'isDirectory' | 'mode'>): SourceVersion {
  const now = BigInt(Date.now()) * 1_000_000n;
  return {
    name: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
    isSettled: ctimeNs <= now - settlingTime,
  };
}
